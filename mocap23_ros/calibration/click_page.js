'use strict';
const image = document.getElementById('image'), frame = document.getElementById('frame');
const body = document.getElementById('rows'), said = document.getElementById('said');
const save = document.getElementById('save'), zoom = document.getElementById('zoom');
let points = [];

function scale() { return image.clientWidth / image.naturalWidth; }

function draw() {
  frame.querySelectorAll('.mark').forEach(mark => mark.remove());
  body.replaceChildren();
  points.forEach((point, k) => {
    const mark = document.createElement('div'), label = document.createElement('span');
    mark.className = 'mark';
    label.textContent = k + 1;
    mark.append(label);
    mark.style.left = (point.u + 0.5) * scale() + 'px';
    mark.style.top = (point.v + 0.5) * scale() + 'px';
    frame.append(mark);
    const row = body.insertRow();
    row.insertCell().textContent = k + 1;
    for (const name of ['u', 'v']) row.insertCell().textContent = point[name].toFixed(1);
    for (const name of ['x', 'y', 'z']) {
      const field = document.createElement('input');
      field.inputMode = 'decimal';
      field.value = point[name];
      field.setAttribute('aria-label', `${name} of point ${k + 1}`);
      field.id = `${name}${k + 1}`;
      field.addEventListener('input', () => { point[name] = field.value; save.disabled = true; });
      row.insertCell().append(field);
    }
    const gone = document.createElement('button');
    gone.textContent = 'remove';
    gone.addEventListener('click', () => { points.splice(k, 1); save.disabled = true; draw(); });
    row.insertCell().append(gone);
  });
}

function say(text, bad) { said.textContent = text; said.className = bad ? 'bad' : ''; }

async function post(where) {
  const rows = points.map(p => [p.u, p.v, ...['x', 'y', 'z'].map(
    name => parseFloat(String(p[name]).replace(',', '.')))]);
  const k = rows.findIndex(row => !row.every(Number.isFinite));
  if (k >= 0) { say(`point ${k + 1} has no numbers for x, y and z yet`, true); return null; }
  try {
    const answer = await fetch(where, {method: 'POST', body: JSON.stringify(rows),
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
  points.push({u: (Math.floor(event.clientX) + 0.5 - box.left) / scale() - 0.5,
               v: (Math.floor(event.clientY) + 0.5 - box.top) / scale() - 0.5,
               x: '', y: '', z: '0'});
  save.disabled = true;
  draw();
  document.getElementById(`x${points.length}`).focus();
});
zoom.addEventListener('input', () => {
  image.style.width = zoom.value * image.naturalWidth + 'px';
  draw();
});
document.getElementById('fit').addEventListener('click', async () => {
  const result = await post('fit');
  save.disabled = !result;
  if (result) image.src = result.picture;
});
save.addEventListener('click', async () => {
  if (await post('save')) document.querySelectorAll('button').forEach(b => { b.disabled = true; });
});
fetch('points').then(answer => answer.json()).then(rows => {
  points = rows.map(([u, v, x, y, z]) => ({u, v, x, y, z}));
  draw();
  document.body.dataset.ready = 'yes';
});
