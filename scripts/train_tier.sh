#!/usr/bin/env bash
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# All three stages of a tier, one after the other; run it again after a kill and it goes on.
# usage: scripts/train_tier.sh TIER cpu|gpu FOLDER
set -euo pipefail
tier=$1 machine=$2 folder=$3
here=$(cd "$(dirname "$0")/.." && pwd)
train() { "${MOCAP23:-$here/mocap23}" train "$@"; }
init=()
for stage in pretrain finetune distill; do
  out=$folder/$tier-$stage
  if [ ! -f "$out/weights.safetensors" ]; then
    train "$stage" --config "$here/config/training/${stage}_${tier}_${machine}.yaml" \
      --out "$out" "${init[@]}"
  fi
  init=(--init "$out/weights.safetensors")
done
