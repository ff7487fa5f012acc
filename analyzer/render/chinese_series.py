"""The sentences on a series of runs, and of a scan, in simplified Chinese; the keys are those of english_series.py."""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

CHINESE_SERIES = {
    # The head
    "series.title": "{program}：{counted} 次运行中挂起 {hung} 次",
    "series.report": "系列运行报告",
    "series.hung.one": "{program} 在 {n} 次运行中挂起 {hung} 次。",
    "series.hung.many": "{program} 在 {n} 次运行中挂起 {hung} 次。",
    "series.clean.one": "{program} 没有挂起，但一次运行什么也证明不了。",
    "series.clean.many": "{program} 在 {n} 次运行中没有挂起，仅凭这一点不能证明它不会挂起。",
    "series.all-bad": "{program} 的每次运行都未能正常结束：由此无法判断它是否会挂起。",
    "series.nothing": "{program} 没有一次运行可以计入。",
    "series.both": "{a} 在 {runs_a} 次运行中挂起 {hung_a} 次，{b} 在 {runs_b} 次中挂起 {hung_b} 次。",
    "series.named": "{name}（{program}）",
    "series.in-root": "{root} 中的 {program}",
    "series.widened": (
        "测量时使用了竞态放大器“{widener}”，它获取锁的次数远多于程序本身："
        "这里的每个比率只说明它可能挂起，而不说明没有放大器时多久挂起一次。"
    ),
    "series.widener-short": "，使用放大器“{widener}”",
    "series.interrupted": "提前结束：{asked} 次运行中完成了 {done} 次。",
    "series.how": "要求每个对象运行 {asked} 次，每次 {timeout} 秒，同时 {jobs} 个；共用 {seconds} 秒。统计：{statistics}。",
    # Conclusions
    "series.needed.one": "{subject}：按此比率，一次正常运行即可显示修复有效。",
    "series.needed.many": "{subject}：按此比率，连续 {n} 次正常运行才能以 95\u00a0% 的置信度显示修复有效；更少则可能只是运气。",
    "series.needed-at-low.one": "它每次运行都挂起，或几乎如此。",
    "series.needed-at-low.many": "按区间的低端，需要 {n} 次。",
    "series.allows.one": "{subject}：一次正常运行后，比率仍可能高达 {upper}（95\u00a0%，单侧）。",
    "series.allows.many": "{subject}：{n} 次运行没有挂起，比率仍可能高达 {upper}（95\u00a0%，单侧）。",
    "series.luck": (
        "这不是证明：按此前所见的比率（{before}），{runs} 次正常运行纯属运气的概率为 {luck}。"
        "要达到 95\u00a0% 的置信度需要 {needed} 次。"
    ),
    "series.shown": (
        "按此前所见的比率（{before}），{runs} 次正常运行纯属运气的概率为 {luck}；"
        "足以达到 95\u00a0% 的置信度（需要：{needed} 次）。"
    ),
    "series.luck-unknown": (
        "这不是证明。它能说明多少，取决于此前的挂起频率：若每 200 次挂起一次，{runs} 次正常运行纯属运气的概率为 {luck}，"
        "需要 {needed} 次。--rate-before RATE 可按您的比率计算。"
    ),
    "series.differ": "A 与 B 不同：Fisher 精确检验给出 p = {p}（双侧），即两者挂起频率相同时出现这种差异的概率。",
    "series.same": "A 与 B 的差异可能只是运气：Fisher 精确检验给出 p = {p}（双侧）。更多次运行才能分辨。",
    "series.no-scipy": (
        "无法判断 A 与 B 是否不同：Fisher 精确检验需要 scipy，这里没有安装。pip install 'hanganalyze[trials]'，"
        "然后在任何机器上对保存的结果运行“hanganalyze render”即可补上。"
    ),
    # The table
    "heading.figures": "数据",
    "heading.proof": "说明了什么",
    "heading.durations": "正常运行用了多久",
    "heading.hangs": "挂起的情形",
    "heading.notes": "如何解读",
    "series.row.program": "程序",
    "series.row.counted": "计入的运行次数",
    "series.row.hung": "挂起",
    "series.row.rate": "比率，95 % 置信区间",
    "series.row.clean": "正常结束",
    "series.row.failed": "以其他退出码结束",
    "series.row.signalled": "被信号终止",
    "series.row.moving": "没有结束，但仍在工作",
    "series.row.stopped": "被我们中断",
    "series.row.median": "正常运行：时长中位数",
    "series.row.late": "正常运行：时长第 95 百分位",
    "series.row.clean-cpu": "正常运行：处理器时间中位数",
    "series.row.hung-cpu": "挂起的运行：处理器时间中位数",
    "series.row.clean-memory": "正常运行：内存中位数",
    "series.row.hung-memory": "挂起的运行：内存中位数",
    "series.below": "低于 {value}",
    "series.plot": "{subject} 的 {n} 次正常运行的时长：中位数 {median}，第 95 百分位 {p95}，从 {low} 到 {high}。",
    "series.plot-log": "刻度为对数。",
    # Hangs
    "series.hang.one": "{n} 次运行",
    "series.hang.many": "{n} 次运行",
    "series.hang.known": "{title}",
    "series.hang.unknown": "停住不动，没有已知原因与之相符",
    "series.hang.moving": "到时未结束，但仍在工作",
    "series.hang.still": "到时未结束，且没有任何进展。{waits}",
    "series.hang.at-work": "时间到时它仍在工作。",
    "series.hang.unseen": "未能查看",
    "series.hang.signature": "特征 {signature}，指纹 {fingerprint}",
    "series.hang.fingerprint": "指纹 {fingerprint}",
    "series.hang.example": "见于第 {run} 次运行",
    "series.hang.whole": "从本文件得到其完整报告：",
    "series.hang.command": "hanganalyze render REPORT --hang {n} -o HANG.html",
    "series.no-hang": "没有挂起。",
    # A scan
    "scan.looked": "{processes} 个进程，{threads} 个线程；看了两次，相隔 {apart} 秒。",
    "scan.idle.one": "像空闲线程池那样等待的，或已停止的：{n} 个进程；--all 可列出。",
    "scan.idle.many": "像空闲线程池那样等待的，或已停止的：{n} 个进程；--all 可列出。",
    "scan.none": "没有看起来挂起的进程。",
    "scan.not-seen": "没有看到：{note}。",
    "scan.rank.hung": "挂起",
    "scan.rank.suspect": "可疑",
    "scan.rank.waits": "等待",
    "scan.threads": "，{n} 个线程",
    "scan.line": "{pid}（{name}{threads}）在等待{waits}",
    "scan.join": "；",
    "scan.next": "下一步：{command}",
}
