#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"

static const char usage[] =
    "usage: loader --input FILE.tar --store DIR --python PYTHON --image-loader SCRIPT\n"
    "              [--fix none|upstream|complete] [--widen off|stdio|malloc|atfork|nss] [--threads N]\n"
    "              [--stop-at threads|clone|idmap|root|pause-process|setenv|reexec|load|done]\n"
    "              [--status-fd FD] [--lifeline-fd FD]\n";

static _Noreturn void refuse(const char *what, const char *value)
{
    fprintf(stderr, "loader: %s: %s\n%s", what, value, usage);
    exit(2);
}

static int number(const char *option, const char *text, long highest)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 0 || value > highest)
        refuse(option, text);
    return (int)value;
}

static enum fix fix_named(const char *name)
{
    if (strcmp(name, "none") == 0)
        return FIX_NONE;
    if (strcmp(name, "upstream") == 0)
        return FIX_UPSTREAM;
    if (strcmp(name, "complete") != 0)
        refuse("--fix takes none, upstream or complete, not", name);
    return FIX_COMPLETE;
}

void read_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"input", required_argument, NULL, 'i'},      {"store", required_argument, NULL, 's'},
        {"python", required_argument, NULL, 'p'},     {"image-loader", required_argument, NULL, 'l'},
        {"fix", required_argument, NULL, 'f'},        {"widen", required_argument, NULL, 'w'},
        {"threads", required_argument, NULL, 't'},    {"stop-at", required_argument, NULL, 'a'},
        {"status-fd", required_argument, NULL, 'u'},  {"lifeline-fd", required_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    *options = (struct options){.fix = FIX_COMPLETE, .threads = 2, .status_fd = -1, .lifeline_fd = -1};
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (letter) {
        case 'i': options->input = optarg; break;
        case 's': options->store = optarg; break;
        case 'p': options->python = optarg; break;
        case 'l': options->image_loader = optarg; break;
        case 'f': options->fix = fix_named(optarg); break;
        case 't': options->threads = number("--threads", optarg, 10000); break;
        case 'u': options->status_fd = number("--status-fd", optarg, 1 << 20); break;
        case 'e': options->lifeline_fd = number("--lifeline-fd", optarg, 1 << 20); break;
        case 'w':
            options->widener = widener_named(optarg);
            if (options->widener == NULL && strcmp(optarg, "off") != 0)
                refuse("--widen takes off, stdio, malloc, atfork or nss, not", optarg);
            break;
        case 'a': {
            enum step step = step_named(optarg);
            if (step == STEP_NONE)
                refuse("--stop-at knows no step", optarg);
            stop_at_step(step);
            break;
        }
        default: refuse("not understood", argv[optind - 1]);
        }
    }
    if (optind != argc)
        refuse("not understood", argv[optind]);
    if (options->input == NULL || options->store == NULL)
        refuse("needed", "--input and --store");
    if (options->python == NULL || options->image_loader == NULL)
        refuse("needed", "--python and --image-loader");
}
