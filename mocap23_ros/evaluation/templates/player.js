// The player of report.html. scene: what report_player.py packs; texts: its chunks.
function unpackBytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

// Icosahedron, each face cut into four, as points on the unit sphere and triangles.
function sphere() {
  const g = (1 + Math.sqrt(5)) / 2, points = [], middles = new Map();
  const add = p => { const n = Math.hypot(...p); return points.push(p.map(v => v / n)) - 1; };
  for (const s of [-1, 1]) for (const t of [-g, g]) { add([0, s, t]); add([s, t, 0]); add([t, 0, s]); }
  const near = 2 / Math.hypot(1, g) + 1e-6, far = (a, b) => Math.hypot(...[0, 1, 2].map(k => points[a][k] - points[b][k]));
  const middle = (a, b) => {
    const key = Math.min(a, b) * 12 + Math.max(a, b);
    if (!middles.has(key)) middles.set(key, add([0, 1, 2].map(k => points[a][k] + points[b][k])));
    return middles.get(key);
  };
  const faces = [];
  for (let a = 0; a < 12; a++) for (let b = a + 1; b < 12; b++) for (let c = b + 1; c < 12; c++) {
    if (far(a, b) > near || far(b, c) > near || far(a, c) > near) continue;
    const ab = middle(a, b), bc = middle(b, c), ac = middle(a, c);
    faces.push([a, ab, ac], [b, ab, bc], [c, ac, bc], [ab, bc, ac]);
  }
  return {points, faces};
}

function startPlayer(scene, texts, floor) {
  const JOINTS = 17, WITHIN_95 = Math.sqrt(7.815), SPHERE = sphere(), SKY = 0.15;
  const stamps = new Float32Array(unpackBytes(scene.stamps).buffer), groups = scene.groups;
  const element = id => document.getElementById(id);
  const slider = element('time'), clock = element('clock'), button = element('play'), speed = element('speed');
  const withAxes = groups.map((group, g) => g).filter(g => groups[g].axes);
  const traceOf = {axes: groups.length, camera: groups.length + withAxes.length, floor: groups.length + withAxes.length + 1};
  const shown = {groups: groups.map((_, g) => g < 3), axes: true, camera: true, floor: true};
  const radius = Math.min(scene.radius, 5);
  let centre = scene.centre, follow = scene.radius > radius;

  const loaded = new Map();
  function load(number) {
    if (!loaded.has(number)) {
      loaded.set(number, unpack(scene.chunks[number], texts[number]));
      if (loaded.size > 6) loaded.delete(loaded.keys().next().value);
    }
    return loaded.get(number);
  }
  async function unpack(chunk, text) {
    const stream = new Blob([unpackBytes(text)]).stream().pipeThrough(new DecompressionStream('gzip'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const size = bytes.length / 2, frames = chunk.frames, values = new Int16Array(size);
    for (let at = 0; at < size; at++) {
      const step = bytes[at] | bytes[size + at] << 8;
      values[at] = at % frames ? values[at - 1] + step : step;
    }
    let channel = 0;
    const take = count => { const first = channel; channel += count; return first; };
    const parts = groups.map((group, g) => ({
      ids: chunk.people[g], joints: take(3 * JOINTS * chunk.people[g].length),
      axes: group.axes ? take(6 * JOINTS * chunk.people[g].length) : null}));
    return {...chunk, values, parts, frustum: take(0)};
  }
  function point(chunk, channel, at) {
    const raw = [0, 1, 2].map(k => chunk.values[(channel + k) * chunk.frames + at]);
    return raw.includes(scene.unknown) ? null : raw.map((v, k) => chunk.origin[k] + chunk.unit * v);
  }

  const colour = (g, id) => groups.length > 1 ? groups[g].colour : scene.colours[(id + scene.colours.length - 1) % scene.colours.length];
  function lines(strips) {
    const out = {x: [], y: [], z: [], text: [], colours: []};
    for (const {points, text, colour} of strips) {
      for (const p of points) {
        out.x.push(p ? p[0] : null); out.y.push(p ? p[1] : null); out.z.push(p ? p[2] : null);
        out.text.push(text); out.colours.push(colour);
      }
    }
    return out;
  }
  function skeletons(chunk, g, at) {
    const strips = [];
    if (shown.groups[g]) chunk.parts[g].ids.forEach((id, person) => {
      const joints = Array.from({length: JOINTS}, (_, j) => point(chunk, chunk.parts[g].joints + 3 * (JOINTS * person + j), at));
      for (const [a, b] of scene.bones) {
        if (joints[a] && joints[b]) strips.push({points: [joints[a], joints[b], null], text: `${groups[g].name}, person ${id}`, colour: colour(g, id)});
      }
    });
    return lines(strips);
  }
  function ellipsoids(chunk, g, at) {
    const out = {x: [], y: [], z: [], i: [], j: [], k: []}, part = chunk.parts[g];
    // Of the first that is shown: several would hide each other.
    if (!shown.axes || g !== withAxes.find(g => shown.groups[g])) return out;
    for (let joint = 0; joint < JOINTS * part.ids.length; joint++) {
      const p = point(chunk, part.joints + 3 * joint, at), first = out.x.length;
      const a = [0, 1, 2, 3, 4, 5].map(k => chunk.values[(part.axes + 6 * joint + k) * chunk.frames + at]);
      if (!p || a.includes(scene.unknown)) continue;
      const [xx, xy, xz, yy, yz, zz] = a.map(v => WITHIN_95 * scene.axes_unit * v);
      for (const [u, v, w] of SPHERE.points) {
        out.x.push(p[0] + xx * u + xy * v + xz * w);
        out.y.push(p[1] + xy * u + yy * v + yz * w);
        out.z.push(p[2] + xz * u + yz * v + zz * w);
      }
      for (const face of SPHERE.faces) { out.i.push(first + face[0]); out.j.push(first + face[1]); out.k.push(first + face[2]); }
    }
    return out;
  }
  function frustum(chunk, at) {
    if (!scene.camera || !shown.camera) return lines([]);
    const p = [0, 1, 2, 3, 4].map(k => point(chunk, chunk.frustum + 3 * k, at));
    return lines([{points: [p[0], p[1], p[2], p[0], p[3], p[4], p[0], null, p[1], p[4], null, p[2], p[3], null], text: 'camera', colour: '#111827'}]);
  }
  function grid() {
    const strips = [], [x, y] = centre, style = {text: '', colour: '#c4c9d1'};
    if (!shown.floor) return lines([]);
    for (let v = Math.ceil(x - radius); v <= x + radius; v++) strips.push({points: [[v, y - radius, floor], [v, y + radius, floor], null], ...style});
    for (let v = Math.ceil(y - radius); v <= y + radius; v++) strips.push({points: [[x - radius, v, floor], [x + radius, v, floor], null], ...style});
    return lines(strips);
  }
  const low = Math.min(floor, scene.heights[0]) - .02, high = Math.max(floor + 2, scene.heights[1]) + SKY;
  const axis = title => ({title: {text: title}, showgrid: false, zeroline: false, showbackground: false, showspikes: false, tickfont: {size: 10}});
  const ranges = () => [0, 1].map(k => [centre[k] - radius, centre[k] + radius]);

  async function begin() {
    const stroke = (width, size) => ({type: 'scatter3d', mode: size ? 'lines+markers' : 'lines', connectgaps: false, showlegend: false, x: [], y: [], z: [], line: {width}, marker: {size}, hoverinfo: 'text'});
    const traces = groups.map((group, g) => stroke(g ? 6 : 9, g ? 2.6 : 3));
    for (const g of withAxes) traces.push({type: 'mesh3d', x: [], y: [], z: [], i: [], j: [], k: [], color: groups[g].colour, opacity: .22, hoverinfo: 'skip', showlegend: false});
    traces.push({...stroke(3, 0), line: {width: 3, color: '#111827'}}, {...stroke(1.5, 0), line: {width: 1.5, color: '#c4c9d1'}, hoverinfo: 'skip'});
    const [x, y] = ranges();
    await Plotly.newPlot('scene', traces, {
      margin: {l: 0, r: 0, t: 0, b: 0}, uirevision: 'keep', paper_bgcolor: 'rgba(0,0,0,0)', showlegend: false,
      font: {family: 'system-ui, sans-serif', size: 12, color: '#374151'},
      scene: {aspectmode: 'manual', aspectratio: {x: 1.6, y: 1.6, z: 1.6 * (high - low) / (2 * radius)},
        xaxis: {...axis('x / m'), range: x}, yaxis: {...axis('y / m'), range: y}, zaxis: {...axis('z / m'), range: [low, high]},
        camera: {eye: {x: 1, y: -1.8, z: .85}, center: {x: 0, y: 0, z: -.05}}},
    }, config);
    drawFloor();
  }
  function drawFloor() { const g = grid(); return Plotly.restyle('scene', {x: [g.x], y: [g.y], z: [g.z]}, [traceOf.floor]); }
  async function followPeople(chunk, at) {
    const hips = groups.flatMap((_, g) => chunk.parts[g].ids.map((_, person) => point(chunk, chunk.parts[g].joints + 3 * (JOINTS * person + 11), at))).filter(Boolean);
    if (!hips.length) return;
    const middle = [0, 1].map(k => hips.reduce((sum, p) => sum + p[k], 0) / hips.length);
    if (Math.max(Math.abs(middle[0] - centre[0]), Math.abs(middle[1] - centre[1])) < radius / 2) return;
    centre = middle.map(Math.round);
    const [x, y] = ranges();
    await Plotly.relayout('scene', {'scene.xaxis.range': x, 'scene.yaxis.range': y});
    await drawFloor();
  }
  // A line of our own: a shape of Plotly's would draw all curves anew.
  function placeMoment(time) {
    if (!element('timeline')) return;
    const {_offset, _length, range} = element('timeline')._fullLayout.xaxis;
    const share = (time - range[0]) / (range[1] - range[0]);
    element('moment').hidden = share < 0 || share > 1;
    element('moment').style.left = `${_offset + share * _length}px`;
  }
  async function render(index) {
    const size = scene.chunks[0].frames, number = Math.floor(index / size), at = index - number * size;
    const chunk = await load(number);
    if (number + 1 < texts.length) load(number + 1);
    if (follow) await followPeople(chunk, at);
    const parts = groups.map((_, g) => skeletons(chunk, g, at)), meshes = withAxes.map(g => ellipsoids(chunk, g, at));
    const all = [...parts, ...meshes, frustum(chunk, at)], each = name => all.map(part => part[name]);
    const stroked = [...parts.map(part => part.colours), ...meshes.map(() => undefined), undefined];
    await Plotly.restyle('scene', {x: each('x'), y: each('y'), z: each('z'), i: each('i'), j: each('j'), k: each('k'),
      hovertext: each('text'), 'line.color': stroked, 'marker.color': stroked}, all.map((_, number) => number));
    placeMoment(stamps[index]);
    document.documentElement.dataset.frame = index;
  }

  let frame = 0, wanted = 0, drawn = -1, drawing = false, playing = null;
  async function draw() {
    if (drawing) return;
    drawing = true;
    try { while (drawn !== wanted) { const next = wanted; await render(next); drawn = next; } } finally { drawing = false; }
  }
  function show(index) {
    frame = wanted = index;
    slider.value = index;
    clock.value = stamps[index].toFixed(2) + ' s';
    return draw();
  }
  function redraw() { drawn = -1; return draw(); }
  function frameAt(time) {
    let low = 0, high = stamps.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (stamps[middle] <= time) low = middle; else high = middle - 1; }
    return low;
  }
  function pause() { playing = null; button.textContent = 'Play'; }
  function tick(now) {
    if (!playing) return;
    if (playing.since === null) Object.assign(playing, {since: now, from: stamps[frame]});
    const time = playing.from + (now - playing.since) / 1000 * Number(speed.value);
    const next = time > stamps[stamps.length - 1] ? 0 : frameAt(time);
    if (next < frame) playing.since = null;
    if (next !== frame) show(next);
    requestAnimationFrame(tick);
  }
  button.addEventListener('click', () => {
    if (playing) { pause(); return; }
    playing = {since: null};
    button.textContent = 'Pause';
    requestAnimationFrame(tick);
  });
  speed.addEventListener('change', () => { if (playing) playing.since = null; });
  slider.max = stamps.length - 1;
  slider.addEventListener('input', () => { pause(); show(Number(slider.value)); });
  function toggle(name, swatch, get, set, after) {
    const label = document.createElement('label'), box = document.createElement('input'), mark = document.createElement('span');
    box.type = 'checkbox'; box.checked = get();
    mark.className = 'swatch'; mark.style.background = swatch;
    label.append(box, mark, name);
    box.addEventListener('change', () => { set(box.checked); after(); });
    element('toggles').append(label);
  }
  groups.forEach((group, g) => toggle(group.name, groups.length > 1 ? group.colour : scene.colours[0], () => shown.groups[g], on => { shown.groups[g] = on; }, redraw));
  if (withAxes.length) toggle('95 % ellipsoids', '#cbd5e1', () => shown.axes, on => { shown.axes = on; }, redraw);
  if (scene.camera) toggle('camera', '#111827', () => shown.camera, on => { shown.camera = on; }, redraw);
  toggle('floor, 1 m', '#c4c9d1', () => shown.floor, on => { shown.floor = on; }, drawFloor);
  if (element('timeline')) {
    element('timeline').on('plotly_afterplot', () => placeMoment(stamps[frame]));
    element('timeline').on('plotly_click', event => { pause(); show(frameAt(event.points[0].x + 1e-4)); });
  }
  return begin().then(() => show(Math.floor((stamps.length - 1) / 4)));
}
