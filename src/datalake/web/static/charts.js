// Draws the charts of a page from the JSON beside each canvas. The tables say the same without it.
"use strict";

(() => {
  const charts = [];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function minutes(value) {
    const seconds = Math.round(value * 60);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }

  function runtime(data) {
    return {
      type: "line",
      data: {
        labels: data.labels,
        datasets: [
          { label: "success", data: data.success, borderColor: colour("accent"), backgroundColor: colour("accent"),
            borderWidth: 2, pointRadius: 3, spanGaps: false },
          { label: "failure", data: data.failure, borderColor: colour("bad"), backgroundColor: colour("bad"),
            showLine: false, pointStyle: "crossRot", pointRadius: 7, borderWidth: 3 },
        ],
      },
      options: {
        scales: {
          x: { ticks: { color: colour("soft"), maxRotation: 0, autoSkipPadding: 24 }, grid: { display: false } },
          y: { beginAtZero: true, title: { display: true, text: "minutes", color: colour("soft") },
               ticks: { color: colour("soft") }, grid: { color: colour("line") } },
        },
        plugins: {
          legend: { labels: { color: colour("ink"), usePointStyle: true } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${minutes(item.parsed.y)}` } },
        },
      },
    };
  }

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(`${canvas.id}-data`).textContent);
    const plan = runtime(data);
    Object.assign(plan.options, { animation: false, responsive: true, maintainAspectRatio: false });
    return new Chart(canvas, plan);
  }

  function drawAll() {
    charts.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll(".chart canvas").forEach((canvas) => charts.push(draw(canvas)));
  }

  function printing(on) {
    document.documentElement.classList.toggle("printing", on);
    drawAll();
  }

  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
})();
