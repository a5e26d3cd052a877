#!/usr/bin/env bash
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# Minutes on a borrowed machine with a GPU and torch, but no network: what it lacks is brought along,
# what it made comes back in files of at most 15 MiB, and the next visit goes on from there.
#   here:   scripts/gpu_run.sh pack PACK [PYTHON]     PYTHON: version there (default 3.12)
#   there:  scripts/gpu_run.sh engines PACK OUT [arguments of mocap23 bench]
#           scripts/gpu_run.sh train PACK OUT STAGE SECONDS [arguments of mocap23 train]
#   here:   scripts/gpu_run.sh keep PACK OUT          what came back is what the next visit starts from
# Without a GPU the same commands rehearse it: the engines are built and ONNX Runtime is measured.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH=$here:${PYTHONPATH:-} MOCAP23_DATA=${MOCAP23_DATA:-$here/../shared/data}
python=${PYTHON:-python3}
mocap23() { "$python" -m mocap23_ros "$@"; }
usage() { sed -n '4,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
what=$1 pack=$2
shift 2

# The state of a run, each file whole: in pieces first, under its name when all of it is there.
send() {
  local run=$1 out=$2 file part
  for file in checkpoint.pt weights.safetensors weights.json; do
    [ -f "$run/$file" ] || continue
    # A large network goes on from its weights alone (--init).
    [ "$(stat -c %s "$run/$file")" -le $((45 << 20)) ] || continue
    rm -rf "$run/pieces"
    mkdir -p "$run/pieces"
    cp "$run/$file" "$run/pieces/whole"
    split -b 15M -d -a 2 "$run/pieces/whole" "$run/pieces/$file."
    rm -f "$run/pieces/whole" "$out/$file".[0-9][0-9]
    for part in "$run/pieces/$file".*; do mv "$part" "$out/"; done
  done
}

joined() {  # FOLDER TARGET: the pieces of FOLDER as whole files in TARGET
  local file
  mkdir -p "$2"
  for file in checkpoint.pt weights.safetensors weights.json; do
    if [ -f "$1/$file.00" ]; then cat "$1/$file".[0-9][0-9] > "$2/$file"; fi
  done
}

case $what in
  pack)
    mkdir -p "$pack/engines" "$pack/train/data" "$pack/unpacked"
    "$python" -m pip download -q --no-deps --only-binary=:all: --python-version "${1:-3.12}" \
      --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 -d "$pack/unpacked" \
      -c "$here/requirements/constraints.txt" tensorrt-rtx-cu12-bindings tensorrt-rtx-cu12-libs
    for wheel in "$pack"/unpacked/*.whl; do
      "$python" -m zipfile -e "$wheel" "$pack/unpacked/site"
    done
    # Wheels are packed for speed: this takes a third off. In pieces, for a narrow way there.
    tar -C "$pack/unpacked/site" -cf - . | xz -T0 -6 | split -b 20M -d -a 2 - "$pack/engines/site."
    rm -rf "$pack/unpacked"
    data=$(cd "$pack/train/data" && pwd)
    (cd "$MOCAP23_DATA" && cp --parents ./*/*_train.npz "$data")
    du -sh "$pack/engines" "$pack/train"
    ;;
  engines)
    [ $# -ge 1 ] || usage
    out=$1
    shift
    mkdir -p "$out" "$pack/site"
    if [ -f "$pack/engines/site.00" ]; then
      cat "$pack/engines"/site.[0-9][0-9] | tar -C "$pack/site" -xJf -
    fi
    export PYTHONPATH=$PYTHONPATH:$pack/site MOCAP23_ENGINES=${MOCAP23_ENGINES:-$pack/graphs}
    mkdir -p "$MOCAP23_ENGINES"
    cp -n "$here"/engines/*.onnx "$here"/engines/manifest.json "$MOCAP23_ENGINES"
    nvidia-smi > "$out/machine.txt" 2>&1 || echo 'no GPU: a rehearsal' | tee "$out/machine.txt"
    for tier in ${TIERS:-xs s}; do
      mocap23 build-engine --tier "$tier" --library tensorrt_rtx 2>&1 | tee -a "$out/engines.txt" \
        || echo "tier $tier: no engine" | tee -a "$out/engines.txt"
    done
    mocap23 bench --tiers ${TIERS:-xs s} --no-path --no-peers --persons 1 8 --out "$out" "$@" 2>&1 | tee "$out/bench.txt"
    ;;
  train)
    [ $# -ge 3 ] || usage
    out=$1 stage=$2 seconds=$3
    shift 3
    run=$pack/run
    mkdir -p "$out" "$run"
    if [ -d "$pack/train/data" ]; then export MOCAP23_DATA=$pack/train/data; fi
    joined "$pack/train/state" "$run"
    rm -f "$run/weights.safetensors" "$run/weights.json"  # of an earlier part of this run
    # Nobody who reads the output of this script waits for the courier's last sleep.
    (while sleep 60; do send "$run" "$out"; done) > /dev/null 2>&1 &
    courier=$!
    trap 'kill "$courier" 2> /dev/null || true' EXIT
    # One thread for each maker of windows, and a core for the network.
    cores=$(env -u OMP_NUM_THREADS nproc)
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
    mocap23 train "$stage" --out "$run" --time-budget "$seconds" \
      --workers "${WORKERS:-$((cores > 1 ? cores - 1 : 1))}" \
      "$@" 2>&1 | tee "$out/train.txt"
    kill "$courier"
    send "$run" "$out"
    ;;
  keep)
    [ $# -eq 1 ] || usage
    rm -rf "$pack/train/state"
    mkdir -p "$pack/train/state"
    cp "$1"/*.[0-9][0-9] "$pack/train/state"
    joined "$1" "$pack/whole"
    ls -l "$pack/whole"
    ;;
  *) usage ;;
esac
