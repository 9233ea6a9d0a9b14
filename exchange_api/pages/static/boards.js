// A dashboard's picture is drawn from the table below it: the table is the source. Canvas and rich-text tooltips only,
// since the pages' policy forbids inline styles; patterns stand beside colours, and a click goes where the row leads.
"use strict";
(() => {
  const place = document.querySelector("[data-board]");
  const body = document.getElementById("board-rows");
  if (!place || !body || !window.echarts) return;
  const TONES = { green: "#389e0d", red: "#cf1322", orange: "#d4590a", yellow: "#b8860b", blue: "#0958d9", grey: "#8c93a0", purple: "#722ed1" };
  const COLOURS = ["#0958d9", "#d4590a", "#237804", "#722ed1", "#08979c", "#a8071a", "#8c6d00", "#5f6670"];
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow", "circle"];
  const INK = { color: "#4a4f58" };
  const kind = place.dataset.board;
  const unit = place.dataset.unit;
  const valued = (row) => [...row.querySelectorAll("td[data-value]")].some((cell) => cell.dataset.value !== "");
  const rows = [...body.rows].filter(valued).slice(0, Number(place.dataset.most));
  if (!rows.length) { place.closest("section").hidden = true; return; }
  const heads = [...body.closest("table").querySelectorAll("th[data-series]")];
  const number = (text) => (text === "" ? null : Number(text));
  const values = (row) => [...row.querySelectorAll("td[data-value]")].map((cell) => number(cell.dataset.value));
  const grid = rows.map(values);
  const short = (text) => (text.length > 16 ? `${text.slice(0, 15)}…` : text);
  const cut = (value) => `${Math.floor(value * 100 + 1e-6) / 100}`; // as the table does: what is short of all is not shown as all
  const shown = (value) => (value === null || value === undefined ? "—" : `${cut(value)} ${unit}`);
  const tone = (row, column) => row.querySelectorAll("td[data-value]")[column].dataset.tone;
  const follow = (row) => { if (row && row.dataset.href) window.location.assign(row.dataset.href); };
  const narrow = place.clientWidth < 480;

  function frame(more) {
    return {
      animation: false,
      color: COLOURS,
      aria: { enabled: true, label: { enabled: false }, decal: { show: kind === "stacked" } },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { top: 0, left: 0, type: "scroll", textStyle: { color: "#1f2329" } },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: shown },
      ...more,
    };
  }

  // All names at once, over as many lines as they need; on narrow screens they turn like pages.
  function wrapped(names) {
    const style = { top: 0, left: 0, textStyle: { color: "#1f2329" } };
    if (narrow) return { lines: 1, options: { ...style, type: "scroll" } };
    const full = names.reduce((used, name) => {
      const wide = 48 + 12.5 * name.length;
      const last = used[used.length - 1];
      return last + wide > place.clientWidth ? [...used, wide] : [...used.slice(0, -1), last + wide];
    }, [0]);
    return { lines: full.length, options: { ...style, type: "plain" } };
  }

  // A row is a line over the columns; with one column only, the rows are bars.
  function lines() {
    const labels = heads.map((head) => head.dataset.series).reverse(); // the table has the newest first
    if (labels.length < 2) return bars([{ name: labels[0] || "", tone: "blue", column: 0 }]);
    const low = Math.min(...grid.flat().filter((value) => value !== null), Number(place.dataset.low ?? 0));
    const legend = wrapped(rows.map((row) => row.dataset.label));
    place.style.setProperty("height", `${Math.max(320, 260 + 26 * legend.lines)}px`);
    const series = rows.map((row, at) => ({
      name: row.dataset.label, type: "line", symbol: SYMBOLS[at % SYMBOLS.length], symbolSize: 9, connectNulls: false, data: [...grid[at]].reverse(),
    }));
    return frame({
      legend: legend.options,
      grid: { left: 46, right: 28, top: 24 + 26 * legend.lines, bottom: 32 },
      xAxis: { type: "category", data: labels, axisLabel: INK },
      yAxis: { type: "value", min: Math.max(0, Math.floor((low - 1) / 5) * 5), max: place.dataset.high ? Number(place.dataset.high) : null, axisLabel: INK },
      series,
    });
  }

  // Rows are categories, each series a column; the first row stands on top.
  function bars(columns, stack) {
    const banded = rows.some((row) => tone(row, 0));
    const point = (value, band) => (band ? { value, itemStyle: { color: TONES[band] } } : value); // in its band's colour
    const longest = Math.max(...rows.map((row) => row.dataset.label.length)) * 13 + 22;
    const room = Math.min(narrow ? 92 : Math.max(210, place.clientWidth * 0.34), longest);
    const low = Math.min(...grid.flat().filter((value) => value !== null), Number(place.dataset.low ?? 0));
    return frame({
      grid: { left: room, right: 48, top: 40, bottom: 28 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, renderMode: "richText", confine: true, valueFormatter: shown },
      xAxis: { type: "value", min: place.dataset.low ? Math.max(0, Math.floor((low - 1) / 5) * 5) : 0, max: place.dataset.high ? Number(place.dataset.high) : null, minInterval: 1, axisLabel: INK },
      yAxis: { type: "category", inverse: true, data: rows.map((row) => row.dataset.label), axisTick: { show: false }, axisLabel: { ...INK, width: room - 14, overflow: "truncate", interval: 0 } },
      ...(banded && columns.length === 1 ? { legend: { show: false } } : {}),
      series: columns.map(({ name, tone: own, column }, at) => ({
        name, type: "bar", stack: stack ? "all" : undefined, barMaxWidth: 26, data: grid.map((row, line) => point(row[column], tone(rows[line], column))),
        itemStyle: { color: TONES[own] || COLOURS[at % COLOURS.length], borderColor: "#fff", borderWidth: stack ? 1 : 0 },
        label: { show: !stack, position: "right", color: "#1f2329", formatter: (point) => (point.value === null ? "" : cut(point.value)) },
      })),
    });
  }

  // Who differs (down) from whom (across): a circle as large as there are conflicts, with their number beside it.
  function matrix() {
    const down = [...new Set(rows.map((row) => row.dataset.label))];
    const across = [...new Set(rows.map((row) => row.dataset.across))];
    const sums = new Map();
    rows.forEach((row, at) => {
      const key = `${across.indexOf(row.dataset.across)} ${down.indexOf(row.dataset.label)}`;
      const before = sums.get(key) || { found: 0, row };
      sums.set(key, { found: before.found + (grid[at][0] || 0), row: before.row });
    });
    const points = [...sums].map(([key, one]) => ({ value: [...key.split(" ").map(Number), one.found], href: one.row.dataset.href }));
    const most = Math.max(...points.map((point) => point.value[2]), 1);
    const axis = (data, room) => ({
      type: "category", data, splitArea: { show: true, areaStyle: { color: ["#ffffff", "#f7f9fc"] } }, splitLine: { show: true },
      axisTick: { show: false }, axisLabel: { ...INK, interval: 0, width: room, overflow: "truncate" },
    });
    const room = narrow ? 84 : 150;
    return frame({
      legend: { show: false },
      grid: { left: room + 12, right: 16, top: 44, bottom: 12 },
      tooltip: {
        renderMode: "richText", confine: true,
        formatter: ({ value }) => `${down[value[1]]} ≠ ${across[value[0]]}: ${value[2]} ${unit}`,
      },
      xAxis: { ...axis(across, narrow ? 70 : 130), position: "top" },
      yAxis: { ...axis(down, room), inverse: true },
      series: [{
        type: "scatter", symbol: "circle", data: points,
        symbolSize: (value) => 18 + 34 * Math.sqrt(value[2] / most),
        itemStyle: { color: "#cf1322", opacity: 0.85 },
        label: { show: true, position: "inside", formatter: ({ value }) => `${value[2]}`, color: "#fff", textBorderColor: "#a8071a", textBorderWidth: 2 },
      }],
    });
  }

  const columns = heads.map((head, column) => ({ name: head.dataset.series, tone: head.dataset.tone, column }));
  const options = { lines, bars: () => bars(columns), stacked: () => bars(columns, true), matrix }[kind]();
  const upright = kind === "lines" && heads.length > 1;
  if (!upright) place.style.setProperty("height", `${Math.max(kind === "matrix" ? 220 : 160, 84 + (kind === "matrix" ? 58 * new Set(rows.map((row) => row.dataset.label)).size : (kind === "bars" && columns.length > 1 ? 46 : 34) * rows.length))}px`);
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(options);
  chart.on("click", (point) => {
    if (kind === "matrix") window.location.assign(point.data.href);
    else follow(upright ? rows[point.seriesIndex] : rows[point.dataIndex]);
  });
  window.addEventListener("resize", () => chart.resize());
})();
