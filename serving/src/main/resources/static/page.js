const MOST_LABELS = 10;
const MOST_PARTS = 24;
// few texts in a request: the bar moves on, and what is cancelled soon stops to cost anything
const PARTS_AT_ONCE = 4;
const POLL_MILLIS = 2_000;
const WINDOW_MILLIS = 30_000;
const FILES = /\.(txt|md|html?)$/i;

const byId = id => document.getElementById(id);
const count = new Intl.NumberFormat('en');

// the service

async function get(path, options = {}) {
  const key = byId('key').value.trim();
  if (/[^\x21-\x7e]/.test(key)) {
    throw new Error('key must be of letters, digits and signs of ASCII, but has others');
  }
  const headers = {...options.headers, ...(key && {Authorization: `Bearer ${key}`})};
  let response;
  try {
    response = await fetch(path, {...options, headers});
  } catch (e) {
    throw e.name === 'AbortError' ? e : new Error('the service must be running and reachable, but does not answer');
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const message = problem.detail ?? problem.error?.message ?? `${path} must answer, but gave status ${response.status}`;
    throw Object.assign(new Error(message), {status: response.status});
  }
  return response;
}

async function post(path, body, signal) {
  const headers = {'Content-Type': 'application/json'};
  return (await get(path, {method: 'POST', headers, body: JSON.stringify(body), signal})).json();
}

const choices = form => ({
  model: form.querySelector('.model').value,
  truncate: form.querySelector('.cut').checked ? 'end' : 'none',
});

async function listModels() {
  try {
    const {data} = await (await get('v1/models')).json();
    offer(byId('classify'), data.filter(model => model.labels.length > 0));
    // one that only embeds is made for it; a classifier's vectors are a by-product
    const embedders = data.filter(model => model.dimension > 0);
    offer(byId('compare'), embedders.sort((a, b) => (a.labels.length > 0) - (b.labels.length > 0)));
    byId('page-error').textContent = '';
  } catch (e) {
    byId('page-error').textContent = e.message;
  }
}

function offer(form, models) {
  const select = form.querySelector('.model');
  const tell = () => {
    const model = models[select.selectedIndex];
    form.querySelector('.about').textContent = [
      model.labels.length > 0 && form.id === 'classify' ? `labels ${model.labels.slice(0, MOST_LABELS).join(', ')}`
          + (model.labels.length > MOST_LABELS ? ` and ${model.labels.length - MOST_LABELS} more` : '')
        : `vectors of ${count.format(model.dimension)} numbers`,
      `reads up to ${count.format(model.max_tokens)} tokens`,
      model.k.length > 0 ? `k ${[...new Set(model.k)].join(', ')}` : 'full attention',
      model.precision,
    ].join(' · ');
  };
  select.replaceChildren(...models.map(model => new Option(model.id)));
  select.onchange = tell;
  form.hidden = models.length === 0;
  if (models.length > 0) {
    tell();
  }
}

/** Does what a form is sent for, one thing at a time; what goes wrong stands in the form. */
function onSubmit(form, work) {
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (form.ariaBusy === 'true') {
      return;
    }
    form.ariaBusy = 'true';
    const error = form.querySelector('[role=alert]');
    error.textContent = '';
    try {
      await work(event.submitter?.value);
    } catch (e) {
      error.textContent = e.message;
    } finally {
      form.ariaBusy = 'false';
    }
  });
  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit();
    }
  });
}

const tokensRead = ({read, total, truncated}) =>
  truncated ? `${count.format(read)} of ${count.format(total)} tokens (the rest was cut)`
    : `all ${count.format(total)} tokens`;

const millis = start => `${count.format(Math.round(performance.now() - start))} ms`;

// classify

onSubmit(byId('classify'), async whatElse => {
  byId('answer').hidden = true;
  byId('parts').hidden = true;
  const text = byId('text').value;
  const options = choices(byId('classify'));
  const start = performance.now();
  const {results: [result]} = await post('v1/classify', {text, ...options});
  byId('answer-facts').textContent = `${options.model} read ${tokensRead(result.tokens)} in ${millis(start)}`;
  showLabels(result.labels);
  if (whatElse === 'parts') {
    await weighParts(text.trim(), result, options);
  }
});

function showLabels(labels) {
  byId('labels').tBodies[0].replaceChildren(...labels.slice(0, MOST_LABELS).map(({label, score}) => {
    const row = document.createElement('tr');
    const name = document.createElement('th');
    name.scope = 'row';
    name.textContent = label;
    const bar = document.createElement('span');
    bar.className = 'bar';
    bar.style.setProperty('--share', score);
    row.append(name);
    row.insertCell().append(bar);
    row.insertCell().textContent = score.toFixed(4);
    return row;
  }));
  const left = labels.length - MOST_LABELS;
  byId('labels-left').textContent = left > 0 ? `and ${left} more with lower scores` : '';
  byId('answer').hidden = false;
}

// which parts count

/** Cuts behind sentences and at blank lines, or else at line ends, into parts of about equal length. */
function partsOf(text) {
  const pieces = [/.+?(?:[.!?…]["'”’)\]]{0,3}\s+|[。！？]\s*|\n\s*\n\s*|$)/gs, /.+?(?:\n\s*|$)/gs]
    .map(border => text.match(border))
    .find(found => found.length > 1);
  if (!pieces) {
    throw new Error('text must have at least 2 sentences, paragraphs or lines to show which count, but has 1');
  }
  const parts = [''];
  let end = 0;
  for (const piece of pieces) {
    if (end >= parts.length * text.length / MOST_PARTS) {
      parts.push('');
    }
    parts[parts.length - 1] += piece;
    end += piece.length;
  }
  return parts;
}

/** Unlike a score near 1, log odds still move when one reason of many is missing. */
function logOdds(labels, label) {
  const score = labels.find(other => other.label === label).score;
  const others = labels.filter(other => other.label !== label).reduce((sum, other) => sum + other.score, 0);
  return Math.log(Math.max(score, Number.MIN_VALUE) / Math.max(others, Number.MIN_VALUE));
}

async function weighParts(text, {labels, tokens}, options) {
  const {label, score} = labels[0];
  const parts = partsOf(text);
  const cancel = new AbortController();
  const {signal} = cancel;
  byId('cancel').onclick = () => cancel.abort();
  byId('cancel').hidden = false;
  byId('parts-label').textContent = label;
  byId('parts-progress').max = parts.length;
  byId('part-facts').textContent = '';
  const without = [];
  const tell = end => {
    byId('parts-progress').value = without.length;
    byId('parts-status').textContent = `${without.length} of ${parts.length} parts ${end}`;
    showParts(parts, without.map(result => ({
      fall: logOdds(labels, label) - logOdds(result.labels, label),
      score: result.labels.find(other => other.label === label).score,
    })), label, score);
  };
  tell('left out');
  byId('parts').hidden = false;
  const start = performance.now();
  try {
    while (without.length < parts.length) {
      const texts = parts.slice(without.length, without.length + PARTS_AT_ONCE)
        .map((_, i) => parts.toSpliced(without.length + i, 1).join(''));
      without.push(...(await post('v1/classify', {text: texts, ...options}, signal)).results);
      tell('left out');
    }
    tell(`left out in ${millis(start)}`
      + (tokens.truncated ? '; where a part is missing, as much text from behind the cut moves in' : ''));
  } catch (e) {
    if (!signal.aborted) {
      throw e;
    }
    tell('left out, then cancelled');
  } finally {
    byId('cancel').hidden = true;
  }
}

function showParts(parts, weighed, label, score) {
  const most = Math.max(...weighed.map(({fall}) => Math.abs(fall)), 0);
  byId('legend-low').textContent = `−${most.toFixed(1)}`;
  byId('legend-high').textContent = `+${most.toFixed(1)}`;
  byId('parts-text').replaceChildren(...parts.map((text, i) => {
    const part = document.createElement('span');
    part.textContent = text;
    if (i < weighed.length) {
      const {fall, score: rest} = weighed[i];
      part.className = fall < 0 ? 'part against' : 'part';
      part.style.setProperty('--weight', most > 0 ? Math.abs(fall) / most : 0);
      part.title = `Part ${i + 1} ${fall < 0 ? 'speaks against' : 'supports'} ${label}: ${signed(fall)}. `
        + `The score is ${exact(score)} with it and ${exact(rest)} without it.`;
      part.tabIndex = 0;
      part.setAttribute('role', 'group');
      part.setAttribute('aria-label', part.title);
      part.onfocus = part.onpointerenter = () => byId('part-facts').textContent = part.title;
    }
    return part;
  }));
}

const signed = number => (number < 0 ? '−' : '+') + Math.abs(number).toFixed(2);

/** As many digits as tell a score from 1. */
const exact = score => score.toFixed(Math.min(12, Math.max(4, 2 - Math.floor(Math.log10(1 - score || 1)))));

// compare

onSubmit(byId('compare'), async () => {
  byId('similarity').hidden = true;
  const options = choices(byId('compare'));
  const start = performance.now();
  const {data} = await post('v1/embeddings', {input: [byId('first').value, byId('second').value], ...options});
  const [a, b] = data.map(({embedding}) => embedding);
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  byId('cosine').textContent = cosine.toFixed(3);
  byId('similarity').querySelector('.bar').style.setProperty('--share', Math.max(cosine, 0));
  byId('similarity-facts').textContent = `${options.model} read ${tokensRead(data[0].tokens)} of the first text `
    + `and ${tokensRead(data[1].tokens)} of the second in ${millis(start)}`;
  byId('similarity').hidden = false;
});

// files

async function open(file, area) {
  const error = area.form.querySelector('[role=alert]');
  if (!FILES.test(file.name)) {
    error.textContent = `file must end in .txt, .md or .html, but is ${file.name}`;
    return;
  }
  error.textContent = '';
  try {
    const text = await file.text();
    area.value = /\.html?$/i.test(file.name) ? textOf(text) : text;
  } catch {
    error.textContent = `${file.name} must be a file that can be read, but cannot`;
  }
}

/** Takes the tags out before the parser, which only resolves entities then: it would object to style attributes. */
function textOf(html) {
  const untagged = html
    .replace(/<!--.*?-->|<(head|script|style|template)\b.*?<\/\1>/gis, '')
    .replace(/<\/?(article|blockquote|div|h[1-6]|li|p|pre|section|table|tr)\b[^>]*>/gi, '\n\n')
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<[a-z/!][^>]*>/gi, '');
  return new DOMParser().parseFromString(untagged, 'text/html').body.textContent
    .replace(/[ \t]+/g, ' ')
    .replace(/\s*\n\s*\n\s*/g, '\n\n')
    .trim();
}

for (const area of document.querySelectorAll('textarea')) {
  area.addEventListener('dragover', event => {
    event.preventDefault();
    area.classList.add('over');
  });
  area.addEventListener('dragleave', () => area.classList.remove('over'));
  area.addEventListener('drop', event => {
    area.classList.remove('over');
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      open(event.dataTransfer.files[0], area);
    }
  });
}

for (const input of document.querySelectorAll('input[type=file]')) {
  input.addEventListener('change', () => input.files.length > 0 && open(input.files[0], byId(input.dataset.into)));
}

// the service now

const seen = [];
let nextPoll;

async function poll() {
  if (!document.hidden) {
    try {
      showLive(await (await get('actuator/prometheus')).text());
    } catch (e) {
      byId('live').hidden = true;
      if (e.status < 500) {
        return; // metrics are served elsewhere, or to others only
      }
    }
  }
  // a new key asks at once, but not twice as often from then on
  clearTimeout(nextPoll);
  nextPoll = setTimeout(poll, POLL_MILLIS);
}

/** Reads lines of {@code name{label="value"} number}; the same names add up. */
function showLive(metrics) {
  const now = {time: Date.now(), depth: 0, tokens: 0, count: 0, sum: 0, buckets: new Map()};
  for (const [, name, labels, value] of metrics.matchAll(/^linformer_(\w+)(\{.*\})? (\S+)/gm)) {
    const number = Number(value);
    if (name === 'queue_depth') {
      now.depth += number;
    } else if (name === 'queue_tokens') {
      now.tokens += number;
    } else if (name === 'inference_time_seconds_count') {
      now.count += number;
    } else if (name === 'inference_time_seconds_sum') {
      now.sum += number;
    } else if (name === 'inference_time_seconds_bucket') {
      const most = Number(labels.match(/le="([^"]+)"/)[1].replace('+Inf', 'Infinity'));
      now.buckets.set(most, (now.buckets.get(most) ?? 0) + number);
    }
  }
  seen.push(now);
  while (seen[0].time < now.time - WINDOW_MILLIS) {
    seen.shift();
  }
  const then = seen[0];
  const batches = now.count - then.count;
  const p95 = [...now.buckets.keys()].sort((a, b) => a - b)
    .find(most => now.buckets.get(most) - (then.buckets.get(most) ?? 0) >= 0.95 * batches);
  byId('live-depth').textContent = count.format(now.depth);
  byId('live-tokens').textContent = count.format(now.tokens);
  byId('live-mean').textContent = batches > 0 ? seconds((now.sum - then.sum) / batches) : '–';
  byId('live-p95').textContent = batches > 0 && p95 < Infinity ? seconds(p95) : '–';
  byId('live').hidden = false;
}

const seconds = number => number < 1 ? `${Math.round(number * 1000)} ms` : `${number.toFixed(1)} s`;

byId('key').addEventListener('change', async () => {
  await listModels();
  if (byId('live').hidden) {
    poll();
  }
});
await listModels();
poll();
