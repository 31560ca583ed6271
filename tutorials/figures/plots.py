"""The plots of results: draw_NAME(results) draws NAME.svg from the files of NAME's results.

Lines and bars are means over seeds, bands and whiskers one standard error.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from style import GREEN, INK, OTHERS, STYLES, line, log_axis, mean_and_error

from brn_numpy.experiments import store
from brn_numpy.experiments.claims import (
    classes,
    companions,
    convnet,
    corrections,
    crossq,
    depth,
    domains,
    family,
    gradients,
    iid,
    microbatches,
    rates,
    tuning,
    warmup,
)
from brn_numpy.experiments.experiment import accuracy, values

SEEDS = 5
ACCURACY = "accuracy on test images, %"
SOURCES = {"convnet": ("convnet", "microbatches")}  # files of results, where not just NAME's


def load(name):
    """Return the results that NAME's plot shows, and their files."""
    folder = Path(__file__).parent.parent / "results"
    files = [folder / f"{source}.json" for source in SOURCES.get(name, (name,))]
    results = {}
    for file in files:
        results |= store.load(file)
    return results, files


def by_setting(axes, results, table, x, value=accuracy):
    """Draw a line for each column of a table, a point for each row."""
    for method in ("no normalisation", "BN", "BRN"):
        cells = [row[method] for row in table.values() if method in row]
        if len(cells) == len(x):
            rows = np.array([values(results, spec, SEEDS, value) for spec in cells]).T
            line(axes, x, rows, method, STYLES[method])


def curves(axes, results, row, key="curve", scale=100.0):
    """Draw what was measured 40 times during the trainings of a row."""
    for method, spec in row.items():
        runs = [results[spec.but(seed=seed)] for seed in range(SEEDS)]
        steps = runs[0]["curve_every"] * np.arange(1, 1 + len(runs[0][key]))
        style = {**STYLES[method], "marker": ""}
        line(axes, steps, scale * np.array([run[key] for run in runs]), method, style)


def draw_iid(results):
    figure, axes = plt.subplots(figsize=(6, 3.4))
    curves(axes, results, iid.ROW)
    axes.set(xlabel="training step", ylabel=ACCURACY, ylim=(70, 87))
    axes.legend(loc="lower right")
    return figure


def draw_microbatches(results):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    sizes = [32, 8, 4, 2]
    by_setting(left, results, microbatches.ROWS, sizes)
    log_axis(left, sizes)
    left.set(xlabel="images that are normalised together", ylabel=ACCURACY)
    left.legend(loc="lower right")
    curves(right, results, microbatches.FOUR)
    right.set(xlabel="training step, groups of 4", ylabel=ACCURACY, ylim=(50, 87))
    return figure


def draw_classes(results):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.4))
    counts = [10, 5, 4, 3, 2]
    by_setting(left, results, classes.ROWS, counts)
    left.set(xlabel="classes in a minibatch", ylabel=ACCURACY, xticks=counts[::-1])
    left.legend(loc="lower right", fontsize=9)
    curves(middle, results, classes.LONG)
    middle.set(xlabel="step, 4 classes x 8", ylabel=ACCURACY, ylim=(50, 87))
    curves(right, results, classes.LONG, "loss", 1.0)
    right.set(xlabel="step, 4 classes x 8", ylabel="training loss", ylim=(0, 0.8))
    return figure


def draw_domains(results):
    figure, axes = plt.subplots(figsize=(9, 3.6))
    for at, label in enumerate(domains.ROWS):
        for shift, method in enumerate(STYLES):
            found = values(results, domains.ROWS[label][method], SEEDS, accuracy)
            mean, error = mean_and_error(found)
            color = STYLES[method]["color"]
            axes.bar(
                at + 0.27 * (shift - 1), mean, 0.25, yerr=error, label=method if at == 0 else None,
                facecolor=(color, (0.15, 0.45, 0.9)[shift]), edgecolor=color, ecolor=INK,
            )  # fmt: skip
    axes.set_xticks(range(len(domains.ROWS)), [r.replace(", ", "\n") for r in domains.ROWS])
    axes.tick_params(axis="x", labelsize=9)
    axes.set(ylabel=ACCURACY, ylim=(0, 100))
    axes.legend(ncols=3, loc="upper right", fontsize=9)
    return figure


def draw_depth(results):
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True)
    tables = (depth.IID, depth.MICRO, depth.FEW)
    slower = {"color": GREEN, "linestyle": "-.", "marker": "D"}
    titles = ("i.i.d. minibatches of 32", "in groups of 4", "4 classes x 8")
    for axes, table, title in zip(panels, tables, titles, strict=True):
        by_setting(axes, results, table, depth.DEPTHS)
        found = [values(results, r["none, rate 0.01"], SEEDS, accuracy) for r in table.values()]
        line(axes, depth.DEPTHS, np.array(found).T, "no normalisation, rate 0.01", slower)
        axes.set(xlabel="hidden layers", xticks=depth.DEPTHS, title=title)
    panels[0].set_ylabel(ACCURACY)
    panels[0].legend(loc="lower left", fontsize=9)
    return figure


def draw_companions(results):
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
    for axes, key, label in zip(
        panels,
        ("share", "gap"),
        (
            "variance of a logit due to\nits companions, %",
            "distance of the two modes,\n% of variance",
        ),
        strict=True,
    ):
        for (kind, row), style in zip(companions.ROWS.items(), OTHERS, strict=False):
            for method, spec in row.items():
                runs = [results[spec.but(seed=seed)][key] for seed in range(SEEDS)]
                steps = spec.steps / 5 * np.arange(1, 6)
                dashed = {**style, "linestyle": "--" if method == "BN" else "-"}
                line(axes, steps, 100 * np.array(runs), f"{method}, {kind}", dashed)
        axes.set(xlabel="training step", ylabel=label)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9
    )
    return figure


def variants(results, rows, x):
    """Draw a line for each row of a table whose columns are learning rates."""
    figure, axes = plt.subplots(figsize=(8, 4))
    for (label, row), style in zip(rows.items(), [*STYLES.values(), *OTHERS], strict=False):
        found = np.array([values(results, spec, SEEDS, accuracy) for spec in row.values()]).T
        line(axes, x, found, label, style)
    log_axis(axes, x)
    axes.set(xlabel="learning rate", ylabel=ACCURACY)
    figure.legend(loc="outside right center", fontsize=9)
    return figure


def draw_gradients(results):
    return variants(results, gradients.ROWS, gradients.RATES)


def draw_warmup(results):
    return variants(results, warmup.ROWS, warmup.RATES)


def draw_rates(results):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    by_setting(left, results, rates.BY_RATE, rates.RATES)
    log_axis(left, rates.RATES)
    left.set(xlabel="learning rate", ylabel=ACCURACY)
    left.legend(loc="lower left")
    by_setting(right, results, rates.BY_SCALE, rates.SCALES)
    log_axis(right, rates.SCALES)
    right.set(xlabel="scale of the initial weights, times He's")
    return figure


def draw_corrections(results):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.4))
    spec = corrections.KINDS["groups of 4"]
    parts = np.array(
        [results[spec.but(seed=seed)]["corrections"] for seed in range(SEEDS)]
    )  # (seeds, 20, 4, layers)
    steps = spec.steps / 20 * np.arange(1, 21)
    for layer, style in zip(range(parts.shape[3]), OTHERS, strict=False):
        plain = {**style, "marker": ""}
        line(left, steps, parts[:, :, 0, layer], f"layer {layer + 1}", plain)
        line(middle, steps, parts[:, :, 1, layer], f"layer {layer + 1}", plain)
    left.set(xlabel="step, groups of 4", ylabel="mean of r")
    middle.set(xlabel="step, groups of 4", ylabel="mean of d", ylim=(-0.2, 0.2))
    left.legend(fontsize=9)
    sizes = (2, 4, 8, 32)
    for name, style in zip(("average of the std", "average of the variance"), OTHERS, strict=False):
        found = [
            values(results, row[name], SEEDS, corrections.std_ratio)
            for row in corrections.SIZES.values()
        ]
        line(right, sizes, np.array(found).T, name, style)
    log_axis(right, sizes)
    right.set(xlabel="images in a group", ylabel="running std / true std", ylim=(0.4, 1.02))
    right.legend(fontsize=9, loc="lower right")
    return figure


def draw_convnet(results):
    figure, axes = plt.subplots(figsize=(6, 3.6))
    networks = {
        "MLP": ([8, 4, 2], microbatches.ROWS, 1),
        "convnet": ([4, 2, 1], convnet.ROWS, 16),  # 4 x 4 pixels in its last layer
    }
    for (network, (sizes, rows, pixels)), fill in zip(
        networks.items(), ("full", "none"), strict=True
    ):
        whole = next(iter(rows.values()))
        for method in ("BN", "BRN"):
            cost = [
                values(results, whole[method], SEEDS, accuracy)
                - values(results, rows[f"groups of {size}"][method], SEEDS, accuracy)
                for size in sizes
            ]
            style = {**STYLES[method], "fillstyle": fill}
            line(axes, [pixels * s for s in sizes], np.array(cost).T, f"{method}, {network}", style)
    log_axis(axes, [2, 4, 8, 16, 32, 64])
    axes.set(
        xlabel="values behind a mean, in the layer with the fewest",
        ylabel="points lost against\nminibatches of 32",
    )
    axes.legend(fontsize=9)
    return figure


def draw_tuning(results):
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True)
    for axes, (kind, rows) in zip(panels, tuning.BY_RATE.items(), strict=True):
        by_setting(axes, results, rows, tuning.RATES, tuning.on_validation)
        log_axis(axes, tuning.RATES)
        axes.tick_params(axis="x", labelsize=9)
        axes.set(xlabel="learning rate", title=kind, ylim=(65, 87))
    panels[0].set_ylabel("accuracy on validation images, %")
    panels[0].legend(loc="lower left")
    return figure


def draw_family(results):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.6))
    styles = {"none": STYLES["no normalisation"], **STYLES, "GN": OTHERS[0], "LN": OTHERS[1]}
    groups = [32, 8, 4, 2]
    for method in ("BN", "BRN", "GN", "LN", "none"):
        best = [family.CHOSEN[label][method] for label in (family.ALL, *family.GROUPS)]
        found = np.array([values(results, cell, SEEDS, accuracy) for cell in best]).T
        line(left, groups, found, method, styles[method])
        for axes, label in ((middle, family.ALL), (right, family.FEW)):
            row = [cells[method] for cells in family.BY_RATE[label].values()]
            found = np.array([values(results, spec, SEEDS, accuracy) for spec in row]).T
            line(axes, family.RATES, found, method, styles[method])
    log_axis(left, groups)
    left.set(xlabel="images that are normalised together", ylabel=ACCURACY, ylim=(30, 87))
    left.set_title("each at its best rate")
    left.legend(loc="lower right")
    for axes, title in ((middle, "all 32"), (right, "4 classes x 8")):
        log_axis(axes, family.RATES)
        axes.tick_params(axis="x", labelsize=8)
        axes.set(xlabel="learning rate", title=title, ylim=(68, 86))
    return figure


def by_looks(axes, results, specs, key):
    """Draw what was looked at 16 times during the trainings of actor and critic."""
    for (label, spec), style in specs:
        seeds = sum(spec.but(seed=seed) in results for seed in range(100))
        rows = [results[spec.but(seed=seed)][key] for seed in range(seeds)]
        steps = spec.steps / len(rows[0]) * np.arange(1, 1 + len(rows[0]))
        line(axes, steps, rows, label, {**style, "marker": ""})


def draw_crossq(results):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.8))
    plain, bn, brn = STYLES.values()
    others = OTHERS[:3]

    def chosen(column, labels, styles):
        specs = [(label, crossq.ROWS[label][column]) for label in labels]
        return list(zip(specs, styles, strict=True))

    kept = ("no normalisation", "BN, eval", "BRN, eval")
    by_looks(left, results, chosen(crossq.WITH, kept, (plain, bn, brn)), "curve")
    alone = ("no normalisation", "BN, eval", "BN, separate", "BN, joint", "BRN, joint")
    styles = (plain, bn, others[1], others[0], others[2])
    by_looks(middle, results, chosen(crossq.WITHOUT, alone, styles), "curve")
    gaps = chosen(crossq.WITH, kept[1:], (bn, brn))
    gaps += chosen(crossq.WITHOUT, alone[3:], styles[3:])
    by_looks(right, results, gaps, "gap")
    for axes, title in ((left, "with a target network"), (middle, "without")):
        axes.set(xlabel="step", title=title, ylim=(-1650, -50))
    left.set_ylabel("return of an episode")
    right.set(
        xlabel="step", title="the two modes are apart", ylabel="% of Q's spread", ylim=(-2, 62)
    )
    handles = dict(zip(*reversed(left.get_legend_handles_labels()), strict=True))
    handles |= dict(zip(*reversed(middle.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=4, fontsize=10)
    return figure
