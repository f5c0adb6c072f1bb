"""The plots of the measurements, as load.png and lists.png."""

import matplotlib as mpl
from matplotlib import pyplot

mpl.use("agg")
mpl.rcParams |= {"font.size": 9, "axes.grid": True, "grid.alpha": 0.3}

# Colours that people with a colour vision deficiency can distinguish (Okabe and Ito).
COLOURS = ["#0072B2", "#D55E00", "#009E73"]


def describe(point):
    """Returns the words for the function behind a point: it runs in the API's process, or as instances."""
    count = point["instances"]
    return {0: "in process", 1: "1 instance"}.get(count, f"{count} instances")


def series(points):
    """Returns the points by their number of instances, with a label and a colour for each."""
    counts = dict.fromkeys(point["instances"] for point in points)
    for count, colour in zip(counts, COLOURS, strict=False):
        chosen = [point for point in points if point["instances"] == count]
        yield describe(chosen[0]), colour, chosen


def logarithmic(axis, ticks, label):
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel(label)


def plain(axis):
    """Shows the numbers of a logarithmic axis without powers of ten."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,g}"))


def draw_loads(loads, path):
    routes = list(dict.fromkeys(point["route"] for point in loads))
    figure, rows = pyplot.subplots(3, len(routes), figsize=(13, 9), sharey="row", sharex=True, layout="constrained")
    for column, route in enumerate(routes):
        rate, latency, memory = (row[column] for row in rows)
        rate.set_title(route)
        for label, colour, points in series([point for point in loads if point["route"] == route]):
            clients = [point["clients"] for point in points]
            rate.plot(clients, [point["rate"] for point in points], "o-", color=colour, label=label)
            for name, style in [("p50", "-"), ("p99", "--"), ("p999", ":")]:
                latency.plot(clients, [point[name] for point in points], style, color=colour)
            memory.plot(clients, [point["memory"][0] for point in points], "o-", color=colour)
            if points[0]["instances"]:
                memory.plot(clients, [point["memory"][1] for point in points], "x--", color=colour)
        plain(latency)
        logarithmic(memory, clients, "clients")
    rows[0][0].set_ylim(bottom=0)
    rows[2][0].set_ylim(bottom=0)
    for row, label in zip(rows, ["requests per second", "time of a request, ms", "peak memory, MB"], strict=True):
        row[0].set_ylabel(label)
    figure.legend(*rows[0][0].get_legend_handles_labels(), title="function", loc="outside upper center", ncols=3)
    legend(rows[1][0], [("p50", "-"), ("p99", "--"), ("p99.9", ":")])
    legend(rows[2][0], [("API", "o-"), ("largest instance", "x--")])
    figure.savefig(path)


def draw_lists(lists, path):
    figure, (time, size, memory) = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for label, colour, points in series(lists):
        items = [point["items"] for point in points]
        time.plot(items, [point["ms"] for point in points], "o-", color=colour, label=label)
        time.plot(items, [point["first_ms"] for point in points], "x--", color=colour)
        memory.plot(items, [point["memory"][0] for point in points], "o-", color=colour)
        if points[0]["instances"]:
            memory.plot(items, [point["memory"][1] for point in points], "x--", color=colour)
    # The same with and without instances.
    size.plot(items, [point["bytes"] / 1e6 for point in points], "o-", color="black")
    size.plot(items, [point["first_bytes"] / 1e6 for point in points], "x--", color="black")
    for point in points:
        pages = f"{point['pages']} page{'s' if point['pages'] > 1 else ''}"
        size.annotate(pages, (point["items"], point["bytes"] / 1e6), (-8, 4), textcoords="offset points", ha="right")
    plain(time)
    plain(size)
    memory.set_ylim(bottom=0)
    time.set(title="time", ylabel="ms")
    size.set(title="bytes", ylabel="MB")
    memory.set(title="peak memory", ylabel="MB")
    for axis in (time, size, memory):
        logarithmic(axis, items, "items in the table")
        axis.margins(x=0.15)
    figure.legend(*time.get_legend_handles_labels(), title="function", loc="outside upper center", ncols=2)
    legend(time, [("complete list", "o-"), ("first page", "x--")])
    legend(size, [("complete list", "o-"), ("first page", "x--")])
    legend(memory, [("API", "o-"), ("instance", "x--")])
    figure.savefig(path)


def legend(axis, styles):
    axis.legend(handles=[axis.plot([], [], style, color="grey", label=label)[0] for label, style in styles])
