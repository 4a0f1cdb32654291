#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html in a real browser, without a network: drawn, read, sorted, in every width and scheme.

The runs are made up, with names that would break out of a page that does not escape them."""
# Runs beside others: it measures nothing.
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chromium import Browser, isolate, run_tests, wait_for  # noqa: E402

isolate()
ROOT = os.environ.get("SOURCE_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
VRBENCH = os.environ.get("VRBENCH", os.path.join(ROOT, "build", "vrbench"))
EVIL = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\" <b>&amp;"
BLUE, GREEN, ORANGE = [0, 114, 178], [0, 158, 115], [230, 159, 0]
SKY = [86, 180, 233]  # what the first network's blue is on dark

T = tempfile.mkdtemp(prefix="vrbench-report.")


def point(step, topology="bridged", lost=0, why=None, networks=1):
    sent = 20000 * (step + 1)
    share = lost // max(networks, 1)
    measured = {
        "schema": 1, "scenario": "made-up", "topology": topology, "platform": "netns",
        "engine": "packet", "length": 64, "length_layer": "ip", "repeat": 0, "duration_s": 1,
        "requested_pps": sent,
        "networks": [{"name": f"NET{i}", "router": f"r{i}", "tx": sent, "unsent": 0,
                      "rx": sent - share, "lost": share, "loss_ratio": share / sent,
                      "duplicated": 0, "reordered": 0, "offered_pps": sent,
                      "forwarded_pps": sent - share,
                      "delay_ns": {"min": 1000, "p50": 20000 + step, "p99": 90000, "max": 99000},
                      "delay_classes": {"below_ns": [20480, 40960, 81920, 99328], "packets": [
                          (sent - share) // 2, (sent - share) // 4, 0,
                          sent - share - (sent - share) // 2 - (sent - share) // 4]},
                      "jitter_ns": 12.5, "corrupt": 0} for i in range(networks)],
        "cpu": [{"name": "host", "percent": 10.5 * (step + 1), "ns_per_packet": 1300},
                *[{"name": f"r{i}", "percent": 5.25 * (step + 1), "ns_per_packet": 700}
                  for i in range(networks)], {"name": "tester", "percent": 33}],
        "cpu_total_percent": 10.5 * (step + 1) + networks * 5.25 * (step + 1),
        "memory": [], "drops": [{"where": EVIL, "count": share * networks},
                                {"where": "unexplained", "count": 0}],
        "valid": why is None, "step": step, "attempts": 1,
        "processors": [{"cpu": 0, "used_by": "dut", "busy_percent": 80, "steal_percent": 0.5}]}
    if why is not None:
        measured["why_invalid"] = why
    if topology == "direct" or networks == 0:
        del measured["cpu_total_percent"]
        measured["cpu"] = measured["cpu"][-1:]
        for network in measured["networks"]:
            del network["router"]
    return measured


def make_run(folder, points, **more):
    os.makedirs(folder)
    with open(os.path.join(folder, "points.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(json.dumps(one) + "\n" for one in points)
    with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as out:
        json.dump({"schema": 1, "vrbench": "0", "status": "done", "started": "2026-01-02T03:04:05Z",
                   "scenario": {"name": EVIL, "platform": "netns", "engine": "packet",
                                "topologies": ["bridged"], "text": EVIL},
                   "machine": {"hostname": EVIL, "kernel": "6.1", "cpus_online": 2,
                               "cpus_usable": 2, "memory_bytes": 1 << 30,
                               "mitigations": "l1tf: Not affected; spectre_v2: Mitigation: "
                                              "Retpolines; BHI: Not affected; tsa: Not affected",
                               "doctor": [{"subject": "steal", "level": "limit",
                                           "found": EVIL, "follows": EVIL, "mends": "less"}]},
                   "placement": {"dut_cpus": "0", "tester_cpus": "1", "shared": False}, **more}, out)


make_run(f"{T}/run", [
    *[point(step, "direct") for step in range(3)],
    *[point(step) for step in range(3)],
    point(3, lost=40000), point(4, lost=60000, why=EVIL + " 12,345 of 9"),
    point(5, why="the router died", networks=0)])
make_run(f"{T}/study/one", [point(step, lost=20 * step) for step in range(4)])
make_run(f"{T}/study/two", [point(step, networks=2, lost=20 * step) for step in range(4)])
with open(f"{T}/study/reproduce.json", "w", encoding="utf-8") as file:
    claim = {"claim": "c " + EVIL, "in_study": "70 % bridged", "here": "3.5 % " + EVIL,
             "study_saw": "70 %", "rule": "more than 2", "measured": "3.5",
             "values": [{"name": "host", "value": 1234.5, "unit": "ns"}], "why": "w",
             "meaning": "m"}
    json.dump({"schema": 1, "started": "2026-01-02T03:04:05Z", "quick": True, "platform": "netns", "study": "a thesis " + EVIL,
               "status": "interrupted", "runs": [{"name": "one", "folder": "one", "what": EVIL},
                        {"name": "two", "folder": "two", "what": "two routers"},
                        {"name": "late", "folder": "late", "what": "more",
                         "lacking": "no caps here"}],
               "claims": [{**claim, "number": 1, "title": "Host cost", "verdict": "confirmed",
                           "runs": ["one", "two"]},
                          {**claim, "number": 4, "title": "Overload", "verdict": "refuted",
                           "runs": ["one"]},
                          {**claim, "number": 8, "title": "Memory",
                           "verdict": "not decidable here", "runs": ["late"]}]}, file)
for made in ("run", "study"):
    subprocess.run([VRBENCH, "report", f"{T}/{made}"], check=True, stdout=subprocess.DEVNULL)
# Machines half as fast, with a length of their own, and what names may not do.
slow = [point(step, lost=30000 * step) for step in range(2)] + [point(0, "dedicated")]
slow[0]["cpu"][1]["cap"] = 20
slow[1]["start"] = [{"name": "r0", "ns": 4500000000}]
slow[0]["control"] = [{"router": "r0", "contract": "broken", "broken_s": 0.3, "margin_percent": 12.5,
                       "last_action": EVIL}]
make_run(f"{T}/slow", slow, platform={"name": "libvirt", "uri": "qemu:///system",
                                      "kind": "machines", "emulated": True,
                                      "hypervisor": EVIL})
subprocess.run([VRBENCH, "report", f"{T}/slow"], check=True, stdout=subprocess.DEVNULL)
subprocess.run([VRBENCH, "compare", f"{T}/run", f"{T}/slow", "-o", f"{T}/compared"], check=True,
               stdout=subprocess.DEVNULL)
os.mkdir(f"{T}/mailed")
shutil.copy(f"{T}/compared/compare.html", f"{T}/mailed/compare.html")
sizes = [point(step, topology, lost=10000 * (step > 1)) for topology in ("bridged", "dedicated")
         for step in range(3)]
make_run(f"{T}/sizes", sizes + [{**one, "length": 1500} for one in sizes])
# Without gnuplot: only the page is read.
drawn = subprocess.run([VRBENCH, "report", f"{T}/sizes"], env={"PATH": "/nonexistent"}, check=False,
                       stderr=subprocess.DEVNULL)
assert drawn.returncode == 3, drawn
# Alone in a folder, as after sending it by mail.
os.mkdir(f"{T}/alone")
shutil.copy(f"{T}/run/report.html", f"{T}/alone/report.html")

browser = Browser()


def show(path, width=1280, scheme="light"):
    browser.scheme(scheme)
    browser.resize(width)
    browser.open(path)
    assert browser.run("return innerWidth") == width


def figure(graph):
    return browser.find(f"figure[data-graph={graph}]")


def pixels(graph, colour):
    """How many pixels of a chart are of nearly that colour."""
    return browser.run("""
        const canvas = arguments[0].querySelector("canvas"), wanted = arguments[1];
        const copy = Object.assign(document.createElement("canvas"),
                                   {width: canvas.width, height: canvas.height});
        const context = copy.getContext("2d", {willReadFrequently: true});
        context.drawImage(canvas, 0, 0);
        const data = context.getImageData(0, 0, copy.width, copy.height).data;
        let count = 0;
        for (let i = 0; i < data.length; i += 4) {
          const near = wanted.every((part, c) => Math.abs(data[i + c] - part) < 6);
          count += near && data[i + 3] > 200 ? 1 : 0;
        }
        return count;""", figure(graph), colour)


def colour_at(graph, x, y):
    return browser.run("""
        const canvas = arguments[0].querySelector("canvas");
        const copy = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
        const context = copy.getContext("2d", {willReadFrequently: true});
        const [x, y] = [Math.round(arguments[1]), Math.round(arguments[2])];
        context.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);""", figure(graph), x, y)


def place_of(graph, label, index):
    return browser.run("""
        const chart = arguments[0].chart;
        const set = chart.data.datasets.findIndex((one) => one.label === arguments[1]);
        const at = chart.getDatasetMeta(set).data[arguments[2]].getCenterPoint();
        return [at.x, at.y];""", figure(graph), label, index)


def tip(graph):
    return browser.run("""const tip = arguments[0].querySelector(".tip");
                          return tip.hidden ? "" : tip.innerText;""", figure(graph))


def hover(graph, label, index):
    canvas = browser.find(f"figure[data-graph={graph}] canvas")
    browser.hover(canvas, *place_of(graph, label, index))
    return wait_for(lambda: tip(graph), f"a tip at {label} {index}")


def quiet():
    said = browser.console()
    assert not said, said


def test_opens():
    """the page opens from a file, alone and without a network, and complains of nothing"""
    show(f"{T}/alone/report.html")
    quiet()
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    sections = browser.run("return [...document.querySelectorAll('main > section')]"
                           ".map((one) => one.id)")
    assert sections == ["verdict", "charts", "indexes", "machine", "method", "points",
                        "downloads"], sections


def test_escapes():
    """text of the run is shown unchanged and is never parsed as markup"""
    show(f"{T}/alone/report.html")
    assert browser.run("return window.evil") is None
    assert browser.run("return document.querySelectorAll('main img, main b, header img').length"
                       ) == 0
    assert EVIL in browser.run("return document.querySelector('h1').textContent")
    assert EVIL in browser.run("return document.querySelector('#machine').textContent")
    assert EVIL in browser.run("return document.querySelector('#points').textContent")
    quiet()


def test_verdict():
    """the verdict comes first, a sentence for each row of the summary"""
    show(f"{T}/run/report.html")
    text = browser.run("return document.querySelector('main > section').innerText")
    assert "60,000 packets/s without loss" in text, text
    assert "At the highest valid load 50 % of the packets were lost." in text, text
    assert "2 of 9 points are invalid" in text, text
    assert "Calibration of the tester alone" in text, text


def test_indexes():
    """performance indexes: a table with a column for each topology"""
    show(f"{T}/run/report.html")
    text = browser.run("return document.querySelector('#indexes').innerText")
    assert "Throughput" in text and "60,000–80,000" in text, text
    quiet()


def test_mitigations():
    """vulnerabilities that do not affect the CPU are named at the end, whatever else is not affected"""
    show(f"{T}/run/report.html")
    text = browser.run("return document.querySelector('#machine').innerText")
    assert "spectre_v2: Mitigation: Retpolines; BHI: Not affected; not affected by l1tf, tsa" in text, text
    quiet()


def test_setup():
    """the set-up of each topology is drawn, with the path of each network, whatever its names are"""
    show(f"{T}/run/report.html")
    drawn, named, lines = browser.run(
        "return [document.querySelectorAll('.setup > svg').length,"
        " document.querySelector('.setup').innerText,"
        " document.querySelectorAll('.setup:first-of-type > svg path').length]")
    topologies = browser.run(
        "return [...new Set(report.runs[0].sweeps.map((one) => one.topology))]"
        ".filter((one) => one !== 'direct').length")
    assert drawn == topologies > 0, (drawn, topologies)
    assert "NET0: source, r0, sink" in named, named
    assert lines > 0
    quiet()


def test_drawn():
    """every chart is drawn, and draws its curves"""
    show(f"{T}/run/report.html")
    shown = browser.run("return [...document.querySelectorAll('figure.chart')]"
                        ".map((one) => one.dataset.graph)")
    assert shown == ["topologies", "cpu", "loss", "ns", "delay", "delays", "places"], shown
    for graph in shown:
        colour = ORANGE if graph == "ns" else BLUE
        assert pixels(graph, colour) > 100, f"{graph}: {pixels(graph, colour)} pixels"
    assert pixels("cpu", GREEN) > 50
    # Half-way between two markers there is the line.
    ends = [place_of("cpu", "NET0 received", index) for index in (0, 1)]
    there = colour_at("cpu", *[(a + b) / 2 for a, b in zip(*ends)])
    assert max(abs(a - b) for a, b in zip(there, BLUE)) < 40, there
    quiet()


def test_hover():
    """the pointer reads the values of all curves; at an invalid point also why it is invalid"""
    show(f"{T}/run/report.html")
    text = hover("cpu", "NET0 received", 1)
    for part in ("40,000 packets/s transmitted", "NET0 received", "40,000 packets/s", "host CPU",
                 "21 % of one CPU", "r0 CPU", "10.5 % of one CPU", "31.5 % of one CPU"):
        assert part in text, f"no {part} in {text}"
    text = hover("cpu", "NET0 received (invalid points)", 0)
    assert "✗ invalid: " + EVIL in text and "100,000 packets/s transmitted" in text, text
    text = hover("places", EVIL, 3)
    assert "50 % of transmitted" in text, text
    browser.hover(browser.find("h1"), 5, 5)
    wait_for(lambda: not tip("places"), "the tip to go")
    quiet()


def test_legend():
    """a button of the legend takes its curve off the chart and brings it back"""
    show(f"{T}/run/report.html")
    button = browser.find("figure[data-graph=cpu] .legend button", "NET0 received")
    before = pixels("cpu", BLUE)
    browser.click(button)
    assert browser.run("return arguments[0].getAttribute('aria-pressed')", button) == "false"
    wait_for(lambda: pixels("cpu", BLUE) == 0, "the curve to go")
    assert pixels("cpu", GREEN) > 50
    browser.click(button)
    wait_for(lambda: pixels("cpu", BLUE) == before, "the curve to come back")
    quiet()


def test_choice():
    """choosing a topology draws its charts, and says what was not measured in it"""
    show(f"{T}/run/report.html")
    browser.click(browser.find("#charts .pick input[value=direct]"))
    assert "direct" in browser.run("return arguments[0].innerText", figure("cpu"))
    assert "Not measured" in browser.run("return arguments[0].innerText", figure("ns"))
    assert "No packet was lost" in browser.run("return arguments[0].innerText", figure("places"))
    assert pixels("cpu", BLUE) > 100
    quiet()


def choose(value):
    browser.click(browser.find(f"#charts .pick input[value='{value}']"))


def test_lengths():
    """throughput against packet length, with its interval; rates also in Mbit/s"""
    show(f"{T}/sizes/report.html")
    assert "40,000–60,000 packets/s" in hover("lengths", "bridged", 0)
    choose("Mbit/s")
    assert "20.5–30.7 Mbit/s" in hover("lengths", "bridged", 0)
    assert "480–720 Mbit/s" in hover("lengths", "bridged", 1)
    text = hover("cpu", "NET0 received", 1)
    assert "20.5 Mbit/s transmitted" in text and "21 % of one CPU" in text, text
    quiet()


def test_overlaid():
    """every chart of curves can show all topologies, and bars stand beside each other"""
    show(f"{T}/sizes/report.html")
    choose("all")
    for graph in ("cpu", "loss", "ns", "delay"):
        text = browser.run("return arguments[0].innerText", figure(graph))
        assert "bridged: " in text and "dedicated: " in text, text
    assert browser.run("""return document.querySelectorAll("figure[data-graph=places]").length""") == 2
    assert "bridged: NET0 received" in hover("cpu", "dedicated: NET0 received", 1)
    quiet()


def test_loss_axis():
    """loss is on a logarithmic axis with a line for none, and marks the throughput"""
    show(f"{T}/sizes/report.html")
    axis = browser.run("""const chart = arguments[0].chart;
                          return [chart.scales.y.type, chart.scales.y.getLabelForValue(0.5),
                                  chart.scales.y.ticks[0].label];""", figure("loss"))
    assert axis[0] == "logarithmic" and axis[2] == "0", axis
    svg = svg_of("loss")
    # Both are kept up to the same load: one mark with one label.
    assert svg.count("NET0: no loss, loss ≤ 0.5 %") == 1, svg
    quiet()


def svg_of(graph):
    return browser.run("""
        const sweep = report.runs[0].sweeps[0], graph = graphOf(arguments[1], [sweep]);
        prepare(graph);
        return svgOf(arguments[0].chart, graph, "a <title>");""", figure(graph), graph)


def test_zoom():
    """a rectangle drawn in a chart becomes the whole chart; a button shows all again"""
    show(f"{T}/sizes/report.html")
    ends = """const {min, max} = arguments[0].chart.scales.x; return [min, max];"""
    whole = browser.run(ends, figure("cpu"))
    canvas = browser.find("figure[data-graph=cpu] canvas")
    browser.drag(canvas, (200, 60), (320, 64))
    part = wait_for(lambda: browser.run(ends, figure("cpu")) != whole
                    and browser.run(ends, figure("cpu")), "the chart to zoom")
    assert whole[0] <= part[0] < part[1] <= whole[1], (whole, part)
    browser.click(browser.find("figure[data-graph=cpu] .tools button", "Whole chart"))
    wait_for(lambda: browser.run(ends, figure("cpu")) == whole, "the whole chart")
    browser.click(browser.find("figure[data-graph=cpu] .tools button", "Zoom in"))
    wait_for(lambda: browser.run(ends, figure("cpu")) != whole, "the button to zoom")
    quiet()


def test_chart_files():
    """a chart can be downloaded as SVG, which is well-formed and draws its curves, and as CSV"""
    show(f"{T}/run/report.html")
    place = f"{T}/charts"
    os.mkdir(place)
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=place)
    for kind in ("SVG", "CSV"):
        browser.click(browser.find("figure[data-graph=cpu] .tools button", kind))

    def got(end):
        names = [name for name in os.listdir(place) if name.endswith(end)]
        return names and os.path.getsize(f"{place}/{names[0]}") > 0 and f"{place}/{names[0]}"
    drawing = ElementTree.parse(wait_for(lambda: got(".svg"), "the SVG")).getroot()
    kinds = [one.tag.split("}")[1] for one in drawing.iter()]
    assert kinds.count("polyline") >= 5 and kinds.count("circle") >= 4, kinds
    assert any("NET0 received" in (one.text or "") for one in drawing.iter())
    assert ElementTree.fromstring(svg_of("places").encode()) is not None
    with open(wait_for(lambda: got(".csv"), "the CSV"), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["Transmitted (packets/s)", "NET0 received (packets/s)"], rows[0]
    assert rows[1][:2] == ["20000", "20000"], rows[1]
    # Networks with loads of their own have lines of their own.
    values = browser.run("""
        const rows = [{at: 1, value: 10}, {at: 2, value: 20}];
        const one = {name: "a", rows, x: (row) => row.at, y: (row) => row.value, unit: "u"};
        return csvOf({curves: [one, {...one, name: "b", x: (row) => 5 * row.at}], x: "X"});""")
    assert values.split("\r\n") == ["X,a (u),b (u)", "1,10,", "2,20,", "5,,10", "10,,20", ""], values
    quiet()


def test_links():
    """a chart's link shows the page with the same choice, at that chart"""
    show(f"{T}/sizes/report.html")
    choose("1500-byte packets")
    choose("dedicated")
    choose("Mbit/s")
    link = browser.run("return arguments[0].querySelector('.tools a').getAttribute('href')",
                       figure("delay"))
    browser.open(f"{T}/run/report.html")
    browser.open(f"{T}/sizes/report.html{link}")
    checked = browser.run("""return [...document.querySelectorAll("#charts input:checked")]
                             .map((one) => one.value)""")
    assert checked == ["1500-byte packets", "dedicated", "Mbit/s"], checked
    wait_for(lambda: browser.run("""
        const place = arguments[0].getBoundingClientRect();
        return place.top < innerHeight && place.bottom > 0;""", figure("delay")), "the chart in view")
    quiet()


def test_printed_dark():
    """a page in dark colours is printed in light ones"""
    show(f"{T}/run/report.html", scheme="dark")
    assert pixels("cpu", SKY) > 100
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert pixels("cpu", BLUE) > 100 and pixels("cpu", SKY) == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert pixels("cpu", SKY) > 100
    browser.scheme("light")
    quiet()


def column(name):
    return browser.run("""
        const headings = [...document.querySelectorAll("#points th")];
        const at = headings.findIndex((one) => one.innerText.startsWith(arguments[0]));
        return [...document.querySelectorAll("#points tbody tr")]
          .map((row) => row.cells[at].innerText);
        """, name)


def test_sort():
    """headings sort the points by number, up and down, with what was not measured at the end"""
    show(f"{T}/run/report.html")
    heading = browser.find("#points th button", "Host CPU %")
    browser.click(heading)
    assert column("Host CPU %") == ["10.5", "21", "31.5", "42", "52.5", "", "", "", ""]
    browser.click(heading)
    assert column("Host CPU %") == ["52.5", "42", "31.5", "21", "10.5", "", "", "", ""]
    assert browser.run("return arguments[0].parentElement.getAttribute('aria-sort')",
                       heading) == "descending"
    browser.click(browser.find("#points th button", "Requested"))
    loads = [int(text.replace(",", "")) for text in column("Requested")]
    assert loads == sorted(loads) and loads[-1] == 120000, loads
    browser.click(browser.find("#points th button", "Lost where"))
    assert column("Lost where")[:2] == [EVIL + ": 40,000", EVIL + ": 60,000"]
    browser.type(browser.find("#points input[type=search]"), "direct")
    wait_for(lambda: column("Topology") == ["direct"] * 3, "only direct points")
    quiet()


def test_keyboard():
    """charts, legend and sorting work by keyboard alone"""
    show(f"{T}/run/report.html")
    canvas = browser.find("figure[data-graph=cpu] canvas")
    browser.run("arguments[0].focus()", canvas)
    browser.press("ArrowRight")
    wait_for(lambda: "20,000 packets/s transmitted" in tip("cpu"), "a tip at the first point")
    browser.press("ArrowRight")
    wait_for(lambda: "40,000 packets/s transmitted" in tip("cpu"), "a tip at the second point")
    browser.press("Escape")
    wait_for(lambda: not tip("cpu"), "the tip to go")
    button = browser.find("figure[data-graph=cpu] .legend button", "NET0 received")
    browser.run("arguments[0].focus()", button)
    browser.press(" ")
    wait_for(lambda: pixels("cpu", BLUE) == 0, "the curve to go")
    browser.run("arguments[0].focus()", browser.find("#points th button", "Host CPU %"))
    browser.press("Enter")
    wait_for(lambda: column("Host CPU %")[0] == "10.5", "sorted points")
    assert browser.run("return [...document.querySelectorAll('button, a, input, select, canvas')]"
                       ".every((one) => one.tabIndex >= 0)")
    quiet()


def test_widths():
    """nothing stands out of the page from 360 to 1920 pixels, and charts fill their place"""
    for path in (f"{T}/run/report.html", f"{T}/study/report.html"):
        for width in (360, 768, 1280, 1920):
            show(path, width)
            # Places that scroll inside themselves may be wider; the page may not.
            wide = browser.run("""
                const inside = (one) => one.parentElement?.closest(".scroll, pre, .skip") ?? null;
                const out = [...document.querySelectorAll("body *:not(.skip)")].filter((one) =>
                  inside(one) === null && one.getBoundingClientRect().right > innerWidth + 0.5);
                return [document.documentElement.scrollWidth > innerWidth ? "scrolls" : "",
                        ...out.map((one) => one.outerHTML.slice(0, 90))].filter(Boolean);""")
            assert not wide, f"{path} at {width}: {wide}"
            narrow = browser.run("return Math.min(...[...document.querySelectorAll('canvas')]"
                                 ".map((one) => one.clientWidth / one.parentElement.clientWidth))")
            assert narrow > 0.95, f"{path} at {width}: a chart takes {narrow} of its place"
    quiet()


def test_schemes():
    """light and dark: text can be read, and charts change their colours with the page"""
    for scheme, colour, other in (("light", BLUE, SKY), ("dark", SKY, BLUE)):
        show(f"{T}/run/report.html", scheme=scheme)
        poor = browser.run("""
            const light = (text) => {
              const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
                .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const behind = (one) => {
              for (; one !== null; one = one.parentElement) {
                const colour = getComputedStyle(one).backgroundColor;
                if (!/, 0\\)$/.test(colour)) return colour;
              }
              return "rgb(255, 255, 255)";
            };
            const texts = "p, a, h1, h2, h3, td, th, button, dd, dt, span, summary, figcaption";
            return [...document.querySelectorAll(texts)]
              .filter((one) => one.innerText?.trim())
              .map((one) => {
                const pair = [light(getComputedStyle(one).color), light(behind(one))];
                const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
                return [ratio, one.outerHTML.slice(0, 90)];
              }).filter(([ratio]) => ratio < 4.5);""")
        assert not poor, f"{scheme}: {poor}"  # 4.5 is WCAG 2 AA
        assert pixels("cpu", colour) > 100 and pixels("cpu", other) == 0, scheme
    browser.scheme("light")
    wait_for(lambda: pixels("cpu", BLUE) > 100 and pixels("cpu", SKY) == 0, "charts to turn light")
    quiet()


def test_downloads():
    """CSV and spreadsheet come out of the page itself as they are on disk"""
    show(f"{T}/alone/report.html")
    os.mkdir(f"{T}/got")
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=f"{T}/got")
    for name in ("points.csv", "report.xlsx"):
        browser.click(browser.find("#downloads a", name))
        wait_for(lambda: os.path.exists(f"{T}/got/{name}"), name)
        with open(f"{T}/got/{name}", "rb") as got, open(f"{T}/run/{name}", "rb") as wanted:
            assert got.read() == wanted.read(), name
    quiet()


def test_claims():
    """a reproduction begins with its claims: verdict in words, rule, numbers, charts, links"""
    show(f"{T}/study/report.html")
    quiet()
    assert browser.run("return document.querySelector('main > section').id") == "claims"
    badges = browser.run("return [...document.querySelectorAll('.claim .badge')]"
                         ".map((one) => one.innerText)")
    assert badges == ["✓ confirmed", "✗ refuted", "? not decidable here"], badges
    rows = browser.run("""return [...document.querySelectorAll('#claims .scroll tr')]
                          .slice(0, 4).map((row) => [...row.cells].map((cell) => cell.innerText))""")
    assert rows[0] == ["Claim", "The study", "Here", "Verdict"], rows
    assert rows[1] == ["1. Host cost", "70 % bridged", "3.5 % " + EVIL, "✓ confirmed"], rows
    text = browser.run("return document.querySelector('#claim-1').innerText")
    for part in ("70 %", "more than 2", "3.5", "1,235 ns", EVIL):
        assert part in text, f"no {part} in {text}"
    assert browser.run("return document.querySelectorAll('#claim-8 figure').length") == 0
    text = browser.run("return document.querySelector('main').innerText")
    assert "a thesis " + EVIL in text
    assert "The reproduction is interrupted" in text and "Not run: no caps here" in text
    assert browser.run("return window.evil") is None
    drawn = browser.run("return document.querySelector('#claim-1 figure').dataset.graph")
    assert drawn == "cpu", drawn
    browser.run("""const list = [...document.querySelectorAll("#claim-1 select")]
                     .find((one) => one.closest("label").innerText.startsWith("Run"));
                   list.value = "two"; list.dispatchEvent(new Event("change"));""")
    assert "NET1 received" in browser.run("return document.querySelector('#claim-1').innerText")
    links = browser.run("return [...document.querySelectorAll('#claim-1 li a')]"
                        ".map((one) => one.getAttribute('href'))")
    assert links == ["one/report.html", "two/report.html"], links
    browser.follow(browser.find("#claim-4 li a"))
    assert browser.run("return document.querySelector('#verdict') !== null")
    quiet()


def test_emulated():
    "a run of emulated machines says so before any figure"
    show(f"{T}/slow/report.html")
    text = browser.run("return document.querySelector('#verdict .note').innerText")
    assert "under emulation (TCG)" in text and EVIL in text, text
    assert browser.run("return window.evil") is None
    quiet()


def test_controlled():
    """a run under control shows contract, margin and last action of each router; others have no such table"""
    show(f"{T}/slow/report.html")
    cells = browser.run("return [...document.querySelectorAll('#control tbody td')].map(c => c.textContent.trim())")
    assert cells == ["r0", "broken", "1 of 1 points", "0.3", "12.5", EVIL], cells
    quiet()
    show(f"{T}/run/report.html")
    assert browser.run("return document.querySelector('#control')") is None


def test_compared():
    "the page of a comparison: figures inside, ratios, what is to be minded, what is left out"
    show(f"{T}/mailed/compare.html")
    ids = browser.run("return [...document.querySelectorAll('main > section')].map((s) => s.id)")
    assert ids == ["runs", "verdicts", "warnings", "scenario-0", "caps", "figures", "not-compared"], ids
    text = browser.run("return document.querySelector('#warnings').innerText")
    assert "under emulation (TCG)" in text, text
    text = browser.run("return document.querySelector('#not-compared').innerText")
    assert "dedicated, 64-byte packets: not measured in run" in text, text
    assert "direct, 64-byte packets: not measured in slow" in text, text
    assert "× 0.33" in browser.run("return document.querySelector('#scenario-0').innerText")
    text = browser.run("return document.querySelector('#caps').innerText")
    assert "no load required more" in text, text
    loaded = browser.run("""return [...document.querySelectorAll('#figures img')]
                            .map((one) => one.complete && one.naturalWidth > 100)""")
    assert len(loaded) >= 2 and all(loaded), loaded
    assert browser.run("return window.evil") is None
    quiet()


def test_compared_narrow():
    "a comparison fits every width"
    for width in (360, 768, 1280):
        show(f"{T}/mailed/compare.html", width)
        wide = browser.run("return document.documentElement.scrollWidth")
        assert wide <= width, (wide, width)


try:
    run_tests([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    browser.close()
    shutil.rmtree(T, ignore_errors=True)
