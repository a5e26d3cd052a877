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

// A recording: its stamps and, minute by minute, its numbers.
function openRecording({name, scene, texts}) {
  const JOINTS = 17, stamps = new Float32Array(unpackBytes(scene.stamps).buffer), groups = scene.groups;
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
  return {
    name, scene, stamps, groups, JOINTS,
    // The chunk of a frame, and the frame's place in it.
    async frame(index) {
      const size = scene.chunks[0].frames, number = Math.floor(index / size);
      const chunk = await load(number);
      if (number + 1 < texts.length) load(number + 1);
      return [chunk, index - number * size];
    },
    frameAt(time) {
      let low = 0, high = stamps.length - 1;
      while (low < high) { const middle = (low + high + 1) >> 1; if (stamps[middle] <= time) low = middle; else high = middle - 1; }
      return low;
    },
    point(chunk, channel, at) {
      const raw = [0, 1, 2].map(k => chunk.values[(channel + k) * chunk.frames + at]);
      return raw.includes(scene.unknown) ? null : raw.map((v, k) => chunk.origin[k] + chunk.unit * v);
    },
  };
}

// A picture of some groups of a recording, in the element with this id. shown: what the user wants to see.
function openView(recording, members, id, floor, shown) {
  const WITHIN_95 = Math.sqrt(7.815), SPHERE = sphere(), SKY = 0.15;
  const {scene, groups, point, JOINTS} = recording;
  const withAxes = groups.map((group, g) => g).filter(g => groups[g].axes);
  const floorTrace = groups.length + withAxes.length + 1;
  const radius = Math.min(scene.radius, 5), follow = scene.radius > radius;
  let centre = scene.centre;

  const visible = g => members.includes(g) && shown.groups.get(groups[g].name);
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
    if (visible(g)) chunk.parts[g].ids.forEach((id, person) => {
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
    if (!shown.axes || g !== withAxes.find(visible)) return out;
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
    await Plotly.newPlot(id, traces, {
      margin: {l: 0, r: 0, t: 0, b: 0}, uirevision: 'keep', paper_bgcolor: 'rgba(0,0,0,0)', showlegend: false,
      font: {family: 'system-ui, sans-serif', size: 12, color: '#374151'},
      scene: {aspectmode: 'manual', aspectratio: {x: 1.6, y: 1.6, z: 1.6 * (high - low) / (2 * radius)},
        xaxis: {...axis('x / m'), range: x}, yaxis: {...axis('y / m'), range: y}, zaxis: {...axis('z / m'), range: [low, high]},
        camera: {eye: {x: 1, y: -1.8, z: .85}, center: {x: 0, y: 0, z: -.05}}},
    }, config);
    drawFloor();
  }
  function drawFloor() { const g = grid(); return Plotly.restyle(id, {x: [g.x], y: [g.y], z: [g.z]}, [floorTrace]); }
  async function followPeople(chunk, at) {
    const hips = members.flatMap(g => chunk.parts[g].ids.map((_, person) => point(chunk, chunk.parts[g].joints + 3 * (JOINTS * person + 11), at))).filter(Boolean);
    if (!hips.length) return;
    const middle = [0, 1].map(k => hips.reduce((sum, p) => sum + p[k], 0) / hips.length);
    if (Math.max(Math.abs(middle[0] - centre[0]), Math.abs(middle[1] - centre[1])) < radius / 2) return;
    centre = middle.map(Math.round);
    const [x, y] = ranges();
    await Plotly.relayout(id, {'scene.xaxis.range': x, 'scene.yaxis.range': y});
    await drawFloor();
  }
  async function render(time) {
    const [chunk, at] = await recording.frame(recording.frameAt(time));
    if (follow) await followPeople(chunk, at);
    const parts = groups.map((_, g) => skeletons(chunk, g, at)), meshes = withAxes.map(g => ellipsoids(chunk, g, at));
    const all = [...parts, ...meshes, frustum(chunk, at)], each = name => all.map(part => part[name]);
    const stroked = [...parts.map(part => part.colours), ...meshes.map(() => undefined), undefined];
    await Plotly.restyle(id, {x: each('x'), y: each('y'), z: each('z'), i: each('i'), j: each('j'), k: each('k'),
      hovertext: each('text'), 'line.color': stroked, 'marker.color': stroked}, all.map((_, number) => number));
  }
  return {id, begin, render, drawFloor};
}

// recordings: {name, scene, texts} each; they play together, each from its own beginning.
function startPlayer(given, floor) {
  const MOST_VIEWS = 8;
  const element = id => document.getElementById(id);
  const slider = element('time'), clock = element('clock'), button = element('play'), speed = element('speed');
  const recordings = given.map(openRecording);
  const end = recording => recording.stamps[recording.stamps.length - 1];
  const longest = recordings.reduce((a, b) => end(b) > end(a) ? b : a), {stamps, frameAt} = longest;
  const colourOf = new Map(recordings.flatMap(({groups, scene}) => groups.map(group => [group.name, groups.length > 1 ? group.colour : scene.colours[0]])));
  const names = [...colourOf.keys()], truths = new Set(recordings.filter(r => r.scene.has_truth).map(r => r.groups[0].name));
  const shown = {groups: new Map(names.map((name, g) => [name, recordings.length > 1 || g < 3])), axes: true, camera: true, floor: true, apart: false};
  let views = [];

  // What is drawn where: the groups of a recording in one view, or each with the truth in its own.
  function split() {
    const found = recordings.flatMap(recording => {
      const all = recording.groups.map((_, g) => g), truth = all.filter(g => truths.has(recording.groups[g].name));
      const own = all.filter(g => !truth.includes(g) && shown.groups.get(recording.groups[g].name));
      return shown.apart && own.length > 1 ? own.map(g => [recording, [...truth, g], recording.groups[g].name]) : [[recording, all, recordings.length > 1 ? recording.name : '']];
    });
    return found.slice(0, MOST_VIEWS);
  }
  async function openViews() {
    for (const view of views) Plotly.purge(view.id);
    const wanted = split();
    element('views').replaceChildren(...wanted.map(([, , title], number) => {
      const frame = document.createElement('div'), caption = document.createElement('div'), place = document.createElement('div');
      caption.className = 'caption'; caption.textContent = title; caption.hidden = !title;
      place.className = 'scene'; place.id = number ? `scene-${number + 1}` : 'scene';
      frame.append(caption, place);
      return frame;
    }));
    element('views').classList.toggle('several', wanted.length > 1);
    views = wanted.map(([recording, members], number) => openView(recording, members, number ? `scene-${number + 1}` : 'scene', floor, shown));
    for (const view of views) {
      await view.begin();
      // All are looked at from the same side.
      element(view.id).on('plotly_relayout', change => {
        const camera = change['scene.camera'];
        if (camera) views.filter(other => other !== view).forEach(other => Plotly.update(other.id, {}, {'scene.camera': camera}));
      });
    }
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
    for (const view of views) await view.render(stamps[index]);
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
  async function reopen() {
    while (drawing) await new Promise(requestAnimationFrame);
    drawing = true;
    try { await openViews(); } finally { drawing = false; }
    return redraw();
  }
  function changed(name) { return shown.apart && name ? reopen() : redraw(); }
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
    mark.className = 'swatch'; mark.style.background = swatch; mark.hidden = !swatch;
    label.append(box, mark, name);
    box.addEventListener('change', () => { set(box.checked); after(); });
    element('toggles').append(label);
  }
  for (const name of names) toggle(name, colourOf.get(name), () => shown.groups.get(name), on => { shown.groups.set(name, on); }, () => changed(name));
  const some = property => recordings.some(({scene}) => property(scene));
  if (some(scene => scene.groups.some(group => group.axes))) toggle('95 % ellipsoids', '#cbd5e1', () => shown.axes, on => { shown.axes = on; }, redraw);
  if (some(scene => scene.camera)) toggle('camera', '#111827', () => shown.camera, on => { shown.camera = on; }, redraw);
  toggle('floor, 1 m', '#c4c9d1', () => shown.floor, on => { shown.floor = on; }, () => Promise.all(views.map(view => view.drawFloor())));
  if (recordings.some(({groups, scene}) => groups.length > (scene.has_truth ? 2 : 1))) toggle('side by side', '', () => shown.apart, on => { shown.apart = on; }, reopen);
  if (element('timeline')) {
    element('timeline').on('plotly_afterplot', () => placeMoment(stamps[frame]));
    element('timeline').on('plotly_click', event => { pause(); show(frameAt(event.points[0].x + 1e-4)); });
  }
  return openViews().then(() => show(Math.floor((stamps.length - 1) / 4)));
}
