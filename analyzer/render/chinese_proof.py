"""The sentences on evidence, trials and remedy in simplified Chinese; the keys are those of english_proof.py."""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

CHINESE_PROOF = {
    # Trials
    "trials.subject": "运行的对象",
    "trials.of": "{runs} 次中 {hung} 次",
    "trials.hung": "挂起",
    "trials.rate": "比率，95 % 置信区间",
    "trials.widened": "使用竞态放大器“{widener}”",
    "trials.plot": "圆点为挂起的运行所占的比率，横条为其 95 % 置信区间。",
    "trials.rate-value": "{rate}（{low} 至 {high}）",
    "trials.failed": "另有 {n} 次因其他原因失败",
    "trials.needed.one": "使用放大器“{widener}”时，没有修复的加载器在 {rate} 的运行中挂起。",
    "trials.needed.many": (
        "使用放大器“{widener}”时，没有修复的加载器在 {rate} 的运行中挂起；"
        "按此比率，连续 {n} 次正常运行才能以 95\u00a0% 的置信度证明修复有效，更少则可能只是运气。"
    ),
    "trials.clean.one": "{fix}正常运行一次，什么也证明不了。",
    "trials.clean.many": "{fix}运行 {n} 次没有挂起，但比率仍可能高达 {high}。",
    "trials.none": "要多少次正常运行才能证明修复有效，取决于程序此前挂起的频率。",
    "trials.before": "此前的挂起频率",
    "trials.clean-runs": "证明修复有效所需的正常运行次数（95 %）",
    "trials.one-in": "每 {n} 次运行一次",
    "trials.caption": "参考加载器的试验；放大器延长竞态窗口，不改变任何代码路径。",
    "evidence.other": "{title}（{certainty}）：{process}，线程 {tid}",
    "evidence.conclusion": "特征 {signature}，修订 {revision}",
    "evidence.asked": "问题",
    "evidence.holds": "答案",
    "evidence.value": "所见",
    "evidence.how": "自行验证",
    "evidence.caption": "为什么“{signature}”（修订 {revision}）的结论是“{certainty}”",
    "decides.match": "调用栈相符",
    "decides.likely": "使其很可能",
    "decides.proven": "决定性",
    "decides.veto": "可将其排除",
    "evidence.none": "没有相符的特征，因此没有需要证明的内容。",
    "near-miss": "{signature} 不适用于 {process} 的线程 {tid}：{because}",
    "facts.thread": "线程 {tid}",
    "facts.same.one": "另有 {n} 个线程答案相同",
    "facts.same.many": "另有 {n} 个线程答案相同",
    "facts.of.one": "{process}：{n} 个问题",
    "facts.of.many": "{process}：{n} 个问题",
    "facts.caption": "关于 {process} 询问过的其他事项",
    "evidence.needed": "需要：{answer}",
    "evidence.needed-why": "标有“需要”之处，若答案如所需，结论会更确定。",
    "evidence.lacking.one": "要证实它还缺 {n} 个答案；缺哪个见证据一节。",
    "evidence.lacking.many": "要证实它还缺 {n} 个答案；缺哪些见证据一节。",
    "affected.yes": "{package} {installed} 受影响；{fixed} 中已修复。",
    "affected.no": "{package} {installed} 不在受影响的版本之列；{fixed} 中已修复。",
    "affected.unknown": "已安装的 {package}（{installed}）是否受影响不得而知；{fixed} 中已修复。",
    "affected.unfixed": "尚无已知版本",
    "reference.bug": "缺陷",
    "reference.fix": "修复",
    "reference.documentation": "文档",
    "verify.how": "请将修好的程序运行这么多次，每次都运行到结束（单次允许的时间请自行选定）：",
}
