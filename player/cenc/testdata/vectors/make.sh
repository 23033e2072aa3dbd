#!/usr/bin/env bash
# Makes the vectors, all in this folder: see README.md. Needs ffmpeg with x264, vpx, vorbis and opus, Go, and npm for shaka-packager.
# TOOLS (default: a temporary folder) is where the packager is put.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

shaka=3.4.2
work=$(mktemp -d)
tools=$(realpath -m "${TOOLS:-$work}")
trap 'rm -rf "$work"' EXIT

ffmpeg=(ffmpeg -nostdin -v error -y)
exact=(-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1) # the same bytes on every run
picture='testsrc2=s=96x64:r=12,noise=alls=16:allf=t:all_seed=7'
sound="aevalsrc=s=24000:c=mono:exprs='0.3*sin(2*PI*t*(220+180*t))+0.1*sin(2*PI*t*911)'"

# shoot FILE FLAGS… encodes the picture; record FILE FLAGS… the sound.
shoot() { "${ffmpeg[@]}" -f lavfi -i "$picture" -frames:v 24 -pix_fmt yuv420p "${@:2}" "${exact[@]}" "$out/clear/$1"; }
record() { "${ffmpeg[@]}" -f lavfi -i "$sound" -t 2 "${@:2}" "${exact[@]}" "$out/clear/$1"; }

out=$work/vectors # the folder here changes at the end only, at once
mkdir -p "$out/clear"
# Three slices a frame are three NAL units, and so at least three subsamples; B frames are composed out of order.
shoot avc.mp4 -c:v libx264 -profile:v main -preset slow -bf 2 -crf 28 -g 12 -keyint_min 12 -sc_threshold 0 -x264-params slices=3
record aac.mp4 -c:a aac -b:a 28k
shoot vp8.webm -c:v libvpx -b:v 60k -g 12 -auto-alt-ref 0
shoot vp9.webm -c:v libvpx-vp9 -b:v 60k -g 12 -row-mt 0
record vorbis.webm -c:a libvorbis -q:a 0
record opus.webm -c:a libopus -b:a 24k -frame_duration 40

[[ -d $tools/node_modules/shaka-packager ]] || npm install --no-save --no-audit --no-fund --silent --prefix "$tools" "shaka-packager@$shaka"
machine=x64
[[ $(uname -m) != aarch64 ]] || machine=arm64
packager=$tools/node_modules/shaka-packager/bin/packager-linux-$machine
chmod +x "$packager"

cd "$here/make"
go run . -out "$out" -work "$work" -packager "$packager" -media "$here/../../../../examples/media"
rm -rf "$here"/*.mp4 "$here"/*.webm "$here/clear"
mv "$out"/* "$here"
du -cb "$here"/*.mp4 "$here"/*.webm "$here"/clear/* "$here/vectors.json" | tail -1
