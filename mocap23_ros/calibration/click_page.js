'use strict';
const find = id => document.getElementById(id);
const image = find('image'), frame = find('frame'), marks = find('marks'), said = find('said');
const save = find('save'), zoom = find('zoom');
const HEADS = {points: ['#', 'u px', 'v px', 'x m', 'y m', 'z m'],
               lines: ['#', 'u px below', 'v px below', 'u px above', 'v px above']};
const SINGLE = {points: 'point', lines: 'edge'};
// Rows begin with pixels (numbers); what is typed follows as text. A line may have one end yet.
let kind = 'points';
const rows = {points: [], lines: []};

function scale() { return image.clientWidth / image.naturalWidth; }

function number(text) {
  return String(text).trim() === '' ? NaN : Number(String(text).replace(',', '.'));
}

function add(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text || '';
  marks.append(element);
}

function drawMarks() {
  marks.replaceChildren();
  marks.setAttribute('width', image.clientWidth);
  marks.setAttribute('height', image.clientHeight);
  rows[kind].forEach((row, k) => {
    const place = row.slice(0, kind === 'points' ? 2 : 4).map(value => (value + 0.5) * scale());
    const ends = [place.slice(0, 2), place.slice(2)].filter(end => end.length);
    ends.forEach(([cx, cy]) => add('circle', {cx, cy, r: kind === 'points' ? 6 : 3}));
    if (ends.length > 1) {
      add('line', {x1: place[0], y1: place[1], x2: place[2], y2: place[3]});
    }
    add('text', {x: place[0] + 9, y: place[1] - 5}, k + 1);
  });
}

function changed() { save.disabled = true; }

function draw() {
  document.body.dataset.kind = kind;
  document.querySelector(`[name=kind][value=${kind}]`).checked = true;
  drawMarks();
  const head = document.querySelector('thead'), body = find('rows');
  head.replaceChildren();
  body.replaceChildren();
  HEADS[kind].forEach(name => {
    const cell = document.createElement('th');
    cell.textContent = name;
    head.append(cell);
  });
  rows[kind].forEach((values, k) => {
    const row = body.insertRow();
    row.insertCell().textContent = k + 1;
    for (let n = 0; n < HEADS[kind].length - 1; n++) {
      const cell = row.insertCell();
      if (kind === 'lines' || n < 2) {
        cell.textContent = n < values.length ? values[n].toFixed(1) : '';
        continue;
      }
      const field = document.createElement('input'), name = 'xyz'[n - 2];
      field.inputMode = 'decimal';
      field.value = values[n];
      field.setAttribute('aria-label', `${name} of point ${k + 1}`);
      field.id = `${name}${k + 1}`;
      field.addEventListener('input', () => { values[n] = field.value; changed(); });
      cell.append(field);
    }
    const gone = document.createElement('button');
    gone.textContent = 'remove';
    gone.addEventListener('click', () => { rows[kind].splice(k, 1); changed(); draw(); });
    row.insertCell().append(gone);
  });
}

function say(text, bad) { said.textContent = text; said.className = bad ? 'bad' : ''; }

// What the page holds, or what is missing in it as text.
function marked() {
  const length = HEADS[kind].length - 1, numbers = rows[kind].map(row => row.map(number));
  const k = numbers.findIndex(row => row.length < length || !row.every(Number.isFinite));
  if (k >= 0) {
    return `${SINGLE[kind]} ${k + 1} has ` + (kind === 'points' ? 'no numbers for x, y and z yet'
      : 'one end yet: click its upper end');
  }
  if (kind === 'points') return {kind, rows: numbers};
  const height = number(find('height').value), turned = number(find('turned').value);
  if (!Number.isFinite(height)) return 'type the known height, in metres';
  if (!Number.isFinite(turned)) return 'type by how many degrees the camera is turned; 0: upright';
  return {kind, rows: numbers, height_of: find('of').value, height, turned};
}

async function post(where) {
  const body = marked();
  if (typeof body === 'string') { say(body, true); return null; }
  try {
    const answer = await fetch(where, {method: 'POST', body: JSON.stringify(body),
                                       headers: {'Content-Type': 'application/json'}});
    const result = await answer.json();
    say(result.message, !answer.ok);
    return answer.ok ? result : null;
  } catch (error) {
    say('the command has ended; start it again', true);
    return null;
  }
}

image.addEventListener('click', event => {
  const box = image.getBoundingClientRect();
  // Clicks come as whole pixels of the screen: their middles are meant. Middles of the image's
  // pixels are whole numbers, as in K.
  const pixel = [(Math.floor(event.clientX) + 0.5 - box.left) / scale() - 0.5,
                 (Math.floor(event.clientY) + 0.5 - box.top) / scale() - 0.5];
  const last = rows[kind].at(-1);
  if (kind === 'points') rows.points.push([...pixel, '', '', '0']);
  else if (last && last.length < 4) last.push(...pixel);
  else rows.lines.push(pixel);
  changed();
  draw();
  if (kind === 'points') find(`x${rows.points.length}`).focus();
});
document.querySelectorAll('[name=kind]').forEach(choice => choice.addEventListener('change', () => {
  kind = choice.value;
  changed();
  say('');
  draw();
}));
for (const name of ['of', 'height', 'turned']) find(name).addEventListener('input', changed);
zoom.addEventListener('input', () => {
  image.style.width = zoom.value * image.naturalWidth + 'px';
  drawMarks();
});
find('fit').addEventListener('click', async () => {
  const result = await post('fit');
  save.disabled = !result;
  if (result) image.src = result.picture;
});
save.addEventListener('click', async () => {
  if (await post('save')) {
    document.querySelectorAll('button, input, select').forEach(b => { b.disabled = true; });
  }
});
Promise.all([fetch('marks').then(answer => answer.json()), image.decode()]).then(([given]) => {
  kind = given.kind;
  rows[kind] = given.rows;
  find('of').value = given.height_of;
  find('height').value = given.height ?? '';
  find('turned').value = given.turned;
  draw();
  document.body.dataset.ready = 'yes';
});
