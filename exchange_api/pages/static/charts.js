// Charts read the table below them (the table is the source, the chart its picture), draw on canvas, and show rich-text
// tooltips: the default HTML tooltip would need inline styles, which the pages' policy forbids.
"use strict";
(() => {
  const place = document.querySelector("[data-chart='history']");
  const body = document.getElementById("history");
  if (!place || !body || !window.echarts) return;
  const rows = [...body.rows];
  const heads = [...body.closest("table").querySelectorAll("th[data-series]")];
  const values = (column) => rows.map((row) => {
    const text = row.querySelectorAll("td[data-value]")[column].dataset.value;
    return text === "" ? null : Number(text);
  });
  const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
  const series = heads.map((head, column) => ({
    name: head.dataset.series, type: "line", symbol: symbols[column % symbols.length], symbolSize: 9, connectNulls: false, data: values(column),
  }));
  const low = Math.min(...series.flatMap((one) => one.data).filter((value) => value !== null), 98);
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  chart.setOption({
    animation: false,
    color: ["#0958d9", "#237804", "#ad4e00", "#722ed1", "#08979c", "#a8071a"],
    grid: { left: 52, right: 48, top: 64, bottom: 36 },
    legend: { top: 0, left: 0, textStyle: { color: "#1f2329" } },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => (value === null || value === undefined ? "—" : value.toFixed(2)) },
    xAxis: { type: "category", name: "批次 batch", nameGap: 8, data: rows.map((row) => row.dataset.label), axisLabel: { color: "#4a4f58" } },
    yAxis: { type: "value", min: Math.max(0, Math.floor((low - 1) / 5) * 5), max: 100, axisLabel: { color: "#4a4f58" } },
    series,
  });
  window.addEventListener("resize", () => chart.resize());
})();
