// The built-in page: one query with its graph, the targets and the alerts, from the same HTTP API that Grafana uses.
const COLORS = [
  '#215a8e',
  '#e8a317',
  '#2e7d32',
  '#b3261e',
  '#6a3d9a',
  '#00838f',
  '#8d6e63',
  '#c2185b',
  '#5c6b7a',
  '#9e9d24',
];
const MAX_ROWS = 200;
const element = (id) => document.getElementById(id);

async function api(path, parameters) {
  const form = parameters === undefined ? undefined : new URLSearchParams(parameters);
  const response = await fetch(`api/v1/${path}`, form === undefined ? {} : { method: 'POST', body: form });
  const answer = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
  if (answer.status !== 'success') throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

function name(metric) {
  const labels = Object.entries(metric).filter(([label]) => label !== '__name__');
  const inner = labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ');
  return inner === '' && metric.__name__ ? metric.__name__ : `${metric.__name__ ?? ''}{${inner}}`;
}

/** Fills a table; a cell is text or { text, kind, color }, where kind is a class. */
function fill(table, header, rows) {
  table.replaceChildren();
  const head = table.createTHead().insertRow();
  for (const title of header) {
    const cell = document.createElement('th');
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row) {
      const { text, kind = '', color } = typeof value === 'string' ? { text: value } : value;
      const cell = line.insertCell();
      cell.className = kind;
      if (color !== undefined) {
        const swatch = document.createElement('span');
        swatch.className = 'swatch';
        swatch.style.background = color;
        cell.append(swatch);
      }
      cell.append(text);
    }
  }
}

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}

function short(value) {
  const size = Math.abs(value);
  for (const [unit, factor] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ]) {
    if (size >= factor) return `${+(value / factor).toPrecision(4)}${unit}`;
  }
  return String(+value.toPrecision(4));
}

function draw(series, start, end, step) {
  const canvas = element('graph');
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, 260];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const points = series.flatMap(({ values }) => values.map(([, value]) => Number(value))).filter(Number.isFinite);
  if (points.length === 0) return;
  let [low, high] = points.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  if (low > 0 && low < high / 2) low = 0;
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const [left, right, top, bottom] = [56, 8, 8, 24];
  const x = (time) => left + ((time - start) / (end - start)) * (width - left - right);
  const y = (value) => top + (1 - (value - low) / (high - low)) * (height - top - bottom);
  pen.font = '11px system-ui, sans-serif';
  pen.fillStyle = '#5c6b7a';
  pen.strokeStyle = '#e6ebef';
  pen.textAlign = 'right';
  for (const value of ticks(low, high, 5)) {
    pen.beginPath();
    pen.moveTo(left, y(value));
    pen.lineTo(width - right, y(value));
    pen.stroke();
    pen.fillText(short(value), left - 6, y(value) + 4);
  }
  pen.textAlign = 'center';
  const long = end - start > 86400;
  for (let i = 0; i <= 6; i++) {
    const time = start + ((end - start) * i) / 6;
    const date = new Date(time * 1000);
    const label = long
      ? date.toLocaleDateString()
      : date.toLocaleTimeString([], {
          hour: '2-digit',
          minute: '2-digit',
          second: end - start < 600 ? '2-digit' : undefined,
        });
    pen.fillText(label, Math.min(Math.max(x(time), left + 20), width - right - 24), height - 8);
  }
  series.slice(0, MAX_ROWS).forEach(({ values }, index) => {
    pen.strokeStyle = COLORS[index % COLORS.length];
    pen.lineWidth = 1.5;
    pen.beginPath();
    let before = Number.NEGATIVE_INFINITY;
    for (const [time, text] of values) {
      const value = Number(text);
      if (!Number.isFinite(value)) {
        before = Number.NEGATIVE_INFINITY;
        continue;
      }
      if (time - before > step * 1.5) pen.moveTo(x(time), y(value));
      pen.lineTo(x(time), y(value));
      before = time;
    }
    pen.stroke();
  });
}

async function ask() {
  const message = element('message');
  const seconds = Number(element('range').value);
  const end = Math.floor(Date.now() / 1000);
  const step = Math.max(1, Math.floor(seconds / 300));
  message.className = '';
  message.textContent = 'asking…';
  try {
    const began = performance.now();
    const answer = await api('query_range', { query: element('expr').value, start: end - seconds, end, step });
    const series = answer.data.result;
    const took = Math.round(performance.now() - began);
    const notes = [...(answer.warnings ?? []), ...(answer.infos ?? [])].map((note) => `\n${note}`).join('');
    const shown = series.length > MAX_ROWS ? `, ${MAX_ROWS} shown` : '';
    message.textContent = `${series.length} series${shown}, ${took} ms${notes}`;
    draw(series, end - seconds, end, step);
    const rows = series.slice(0, MAX_ROWS).map(({ metric, values }, index) => [
      { text: name(metric), color: COLORS[index % COLORS.length] },
      { text: values.at(-1)?.[1] ?? '', kind: 'num' },
    ]);
    fill(element('result'), ['series', 'newest value'], rows);
  } catch (error) {
    message.className = 'bad';
    message.textContent = error.message;
  }
}

async function refresh() {
  try {
    const { data } = await api('targets');
    const rows = data.activeTargets.map((target) => [
      target.scrapePool,
      target.labels.instance ?? '',
      { text: target.health, kind: target.health === 'up' ? 'good' : target.health === 'down' ? 'bad' : 'wait' },
      target.lastScrape.startsWith('0001') ? '' : new Date(target.lastScrape).toLocaleTimeString(),
      { text: `${Math.round(target.lastScrapeDuration * 1000)} ms`, kind: 'num' },
      { text: target.lastError, kind: 'bad' },
    ]);
    fill(element('target-table'), ['job', 'instance', 'health', 'last scrape', 'took', 'error'], rows);
    const { data: alerts } = await api('alerts');
    const lines = alerts.alerts.map((alert) => [
      { text: alert.state, kind: alert.state === 'firing' ? 'bad' : 'wait' },
      alert.labels.alertname ?? '',
      name(alert.labels),
      new Date(alert.activeAt).toLocaleTimeString(),
      alert.annotations.summary ?? alert.annotations.description ?? '',
    ]);
    fill(
      element('alert-table'),
      ['state', 'alert', 'labels', 'since', 'summary'],
      lines.length > 0 ? lines : [['no alerts', '', '', '', '']],
    );
  } catch (error) {
    element('message').className = 'bad';
    element('message').textContent = error.message;
  }
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});
api('status/buildinfo').then(
  ({ data }) => {
    element('version').textContent = `version ${data.version}`;
  },
  () => {},
);
// A link of an alert: /graph?g0.expr=…
const asked = new URLSearchParams(location.search).get('g0.expr');
if (asked !== null) element('expr').value = asked;
ask();
refresh();
setInterval(refresh, 5000);
