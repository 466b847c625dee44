// Draws the charts of a page from the JSON beside each canvas. The tables say the same without it.
"use strict";

(() => {
  const drawn = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const faint = (name, percent) => `color-mix(in srgb, ${colour(name)} ${percent}%, transparent)`;

  function minutes(value) {
    const seconds = Math.round(value * 60);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }

  function axes(title) {
    return {
      x: { ticks: { color: colour("soft"), maxRotation: 0, autoSkipPadding: 24 }, grid: { display: false } },
      y: { beginAtZero: true, title: { display: true, text: title, color: colour("soft") },
           ticks: { color: colour("soft"), precision: 0 }, grid: { color: colour("line") } },
    };
  }

  function line(label, data, name, more) {
    return { label, data, borderColor: colour(name), backgroundColor: colour(name), borderWidth: 2, pointRadius: 2, ...more };
  }

  const marks = (label, data, name, style) =>
    line(label, data, name, { showLine: false, pointStyle: style, pointRadius: 7, pointHoverRadius: 9, borderWidth: 3, clip: false });

  function runtime(data) {
    const edge = { pointRadius: 0, borderWidth: 0, backgroundColor: faint("accent", 18), pointHitRadius: 0 };
    return {
      type: "line",
      data: {
        labels: data.labels,
        datasets: [
          line("loaded", data.good, "accent"),
          line("usual (median)", data.median, "soft", { pointRadius: 0, borderWidth: 1, borderDash: [5, 4] }),
          line("usual (p10 to p90)", data.p90, "accent", { ...edge, fill: "+1" }),
          line("", data.p10, "accent", { ...edge, fill: false }),
          marks("failed", data.failed, "bad", "crossRot"),
          marks("did not run", data.missed, "bad", "triangle"),
        ],
      },
      options: {
        scales: axes("minutes"),
        plugins: {
          legend: { labels: { color: colour("ink"), usePointStyle: true, boxHeight: 7, filter: (item) => item.text } },
          tooltip: { filter: (item) => item.dataset.label && item.parsed.y !== null,
                     callbacks: { label: (item) => item.dataset.label === "did not run" ? "did not run" : `${item.dataset.label}: ${minutes(item.parsed.y)}` } },
        },
        onClick: (_, found) => { if (found.length && data.keys[found[0].index]) location.href = `/runs/${data.keys[found[0].index]}`; },
      },
    };
  }

  function outcomes(data) {
    const names = { ok: "good", notes: "accent", late: "warn", overrun: "wait", short: "wait", failed: "bad", missed: "mute" };
    return {
      type: "doughnut",
      data: { labels: data.labels.map((label, place) => `${data.values[place]} ${label}`),
              datasets: [{ data: data.values, backgroundColor: data.kinds.map((kind) => colour(names[kind])), borderColor: colour("card") }] },
      options: { cutout: "62%", plugins: { legend: { position: "bottom", labels: { color: colour("ink"), boxWidth: 12 } },
                                           tooltip: { callbacks: { label: (item) => item.label } } } },
    };
  }

  function feed(data) {
    const rejected = { ...line("rejected rows", data.rejected, "warn", { borderWidth: 0 }), type: "bar", yAxisID: "rejected", backgroundColor: faint("warn", 45) };
    const scales = axes("rows published");
    scales.y.beginAtZero = false;
    scales.rejected = { position: "right", beginAtZero: true, suggestedMax: 10, grid: { display: false },
                        title: { display: true, text: "rejected", color: colour("soft") }, ticks: { color: colour("soft"), precision: 0 } };
    return {
      type: "line",
      data: { labels: data.labels, datasets: [line("rows published", data.rows, "accent"), marks("not published", data.failed, "bad", "crossRot"), rejected] },
      options: { scales, plugins: { legend: { labels: { color: colour("ink"), usePointStyle: true, boxHeight: 7 } } } },
    };
  }

  const kinds = { runtime, outcomes, feed };

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(`${canvas.id}-data`).textContent);
    const plan = kinds[canvas.dataset.kind](data);
    Object.assign(plan.options, { animation: false, responsive: true, maintainAspectRatio: false });
    return new Chart(canvas, plan);
  }

  function drawAll() {
    drawn.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll(".chart canvas").forEach((canvas) => drawn.push(draw(canvas)));
  }

  function printing(on) {
    document.documentElement.classList.toggle("printing", on);
    drawAll();
  }

  drawAll();
  document.addEventListener("datalake:refreshed", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
})();
