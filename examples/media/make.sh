#!/usr/bin/env bash
# Makes the films, their posters, films.json and dash.json, all in this folder: see README.md. `make.sh films` or `make.sh dash` makes one half.
# Needs ffmpeg with x264, vpx, vorbis and opus, the DejaVu fonts, node and npm. TOOLS (default: a temporary folder) is where shaka-packager is put.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

shaka=3.4.2
fonts=/usr/share/fonts/truetype/dejavu
rate=25 # frames a second
work=$(mktemp -d)
tools=$(realpath -m "${TOOLS:-$work}")
trap 'rm -rf "$work"' EXIT
mkdir "$work/films" && cd "$work/films" # the folder here changes at the end only, at once
ffmpeg=(ffmpeg -nostdin -v error -y)
exact=(-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1) # the same bytes on every run

install_packager() {
  [[ -d $tools/node_modules/shaka-packager ]] || npm install --no-save --no-audit --no-fund --silent --prefix "$tools" "shaka-packager@$shaka"
  local machine=x64
  [[ $(uname -m) != aarch64 ]] || machine=arm64
  packager=$tools/node_modules/shaka-packager/bin/packager-linux-$machine
  chmod +x "$packager"
}

# --- the pictures and the sounds -------------------------------------------------------------------------------------------------

# Northern lights over a ridge. 0: height of the curtain's foot, 1: distance above it, 2: stars, 3: the ridge.
aurora() {
  local shape="st(0,80+24*sin(X/41+0.6*T)+11*sin(X/17-0.9*T)); st(1,ld(0)-Y);
    st(2,240*gt(mod(abs(sin(X*12.9898+Y*78.233))*43758.5453,1),0.9985)*(1-Y/180)); st(3,clip((Y-146-9*sin(X/23+1)-5*sin(X/9)-2*sin(X/4))/2,0,1));
    st(4,if(gt(ld(1),0),exp(-ld(1)/34),exp(ld(1)/5)));"
  sky "$shape (1-ld(3))*clip(10+26*Y/180+ld(2)+ld(4)*(34+80*clip(ld(1)/60,0,1))*(1+sin(X/13+1.1*T)),0,255)+ld(3)*5" \
    "$shape (1-ld(3))*clip(14+18*Y/180+ld(2)+ld(4)*(150+60*sin(X/11+1.3*T)+25*sin(X/5-2*T))*(1-0.5*clip(ld(1)/60,0,1)),0,255)+ld(3)*9" \
    "$shape (1-ld(3))*clip(38+30*Y/180+ld(2)+ld(4)*(80+50*sin(X/15-0.8*T)),0,255)+ld(3)*20"
}

# A sun that sets into waves. 0: distance from the sun, 1: the wave, 2: the sun's track on the water, 3: 1 on the water, 0 in the sky.
tide() {
  local shape="st(4,60+1.6*T); st(0,hypot(X-216,Y-ld(4))); st(1,sin((Y-72)*(Y-72)/90-2.4*T+X/40+1.4*sin(X/26+T)));
    st(2,exp(-abs(X-216+7*ld(1))/(9+max(Y-76,0)*0.22))); st(3,clip((Y-76-2*sin(X/31+T))/2,0,1)); st(5,clip(19-ld(0),0,1)); st(6,exp(-ld(0)/30));"
  sky "$shape clip((1-ld(3))*max(235+60*ld(6),255*ld(5))+ld(3)*(62+150*ld(2)+16*ld(1)),0,255)" \
    "$shape clip((1-ld(3))*max(66+1.15*Y+70*ld(6),236*ld(5))+ld(3)*(48+112*ld(2)+16*ld(1)),0,255)" \
    "$shape clip((1-ld(3))*max(150-0.9*Y+30*ld(6),190*ld(5))+ld(3)*(104+24*ld(2)+20*ld(1)),0,255)"
}

# A flower that opens and turns. 0: distance from the middle, 1: angle, 2: petals, 3: their edge.
bloom() {
  local shape="st(0,hypot(X-160,Y-90)); st(1,atan2(Y-90,X-160)+0.25*T+ld(0)/160); st(2,62+26*cos(6*ld(1))+9*sin(1.3*T));
    st(3,clip((ld(2)-ld(0))/2.5,0,1)); st(4,0.5+0.5*cos(ld(0)/6.5-2*T+1.5*cos(6*ld(1)))); st(5,exp(-ld(0)/26));"
  sky "$shape clip(ld(3)*(215+30*ld(4)+60*ld(5))+(1-ld(3))*(20+30*exp(-(ld(0)-60)/50)),0,255)" \
    "$shape clip(ld(3)*(70+60*ld(4)+170*ld(5))+(1-ld(3))*(44+26*exp(-(ld(0)-60)/50)),0,255)" \
    "$shape clip(ld(3)*(110+70*ld(4)-40*ld(5))+(1-ld(3))*(58+34*exp(-(ld(0)-60)/50)),0,255)"
}

# sky RED GREEN BLUE prints the source of a picture that is drawn small and enlarged softly, so that it is cheap to draw and to encode.
sky() { tr -d '\n ' <<<"nullsrc=s=320x180:r=$rate,format=gbrp,geq=r='$1':g='$2':b='$3',scale=640:360:flags=bicubic"; }

# A bell a second on a pentatonic scale; its left and right are a hair out of tune. $1: the lowest note, in Hz.
bells() {
  local note="st(0,mod(floor(t)*3,7)); st(1,mod(t,1)); st(2,$1*pow(2,(2*ld(0)+gte(ld(0),3)+gte(ld(0),5))/12));"
  local bell="0.34*min(ld(1)*90,1)*min((1-ld(1))*50,1)*exp(-3.2*ld(1))*(sin(2*PI*ld(2)*t*DETUNE)+0.45*sin(4*PI*ld(2)*t)*exp(-2*ld(1))+0.2*sin(6*PI*ld(2)*t)*exp(-5*ld(1)))"
  tr -d '\n ' <<<"aevalsrc=s=48000:c=stereo:exprs='$note${bell/DETUNE/1}|$note${bell/DETUNE/1.002}'"
}

# shoot SCENE SECONDS NOTE draws a scene once, without loss.
shoot() {
  "${ffmpeg[@]}" -f lavfi -i "$($1)" -f lavfi -i "$(bells "$3")" -t "$2" -pix_fmt yuv420p -c:v ffv1 -c:a pcm_s16le "$work/$1.mkv"
}

# dress TITLE LINE SECONDS prints the filter that puts title, clock and a bar that fills with time on a scene.
dress() {
  local text="fontcolor=white:shadowcolor=black@0.55:shadowx=1:shadowy=1"
  printf '%s' "drawtext=fontfile=$fonts/DejaVuSans-Bold.ttf:text='$1':fontsize=27:x=28:y=24:$text," \
    "drawtext=fontfile=$fonts/DejaVuSans.ttf:text='$2':fontsize=15:x=29:y=60:$text," \
    "drawtext=fontfile=$fonts/DejaVuSansMono-Bold.ttf:text='%{pts\\:hms}':fontsize=25:x=w-tw-28:y=h-50:$text[dressed];" \
    "color=white@0.85:s=640x5:r=$rate,format=yuva420p[bar];[dressed][bar]overlay=x='-640+640*t/$3':y=355:shortest=1,format=yuv420p"
}

# --- encoders and packagers ------------------------------------------------------------------------------------------------------

h264=(-c:v libx264 -profile:v main -preset slow -crf 27 -maxrate 300k -bufsize 600k -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac -b:a 64k)
vp8=(-c:v libvpx -b:v 220k -crf 18 -quality good -cpu-used 1 -g 50 -c:a libvorbis -q:a 1)
vp9=(-c:v libvpx-vp9 -b:v 0 -crf 38 -quality good -cpu-used 2 -row-mt 0 -g 50 -c:a libopus -b:a 56k)

# encode SCENE SECONDS TITLE LINE OUT ENCODER… makes a film and its poster, which is named as OUT.
encode() {
  local scene=$1 seconds=$2 title=$3 line=$4 out=$5
  local name=${out##*/}
  shift 5
  "${ffmpeg[@]}" -i "$work/$scene.mkv" -filter_complex "[0:v]$(dress "$title" "$line" "$seconds"),split[v][still];[still]scale=480:270[poster]" \
    -map '[v]' -map 0:a -t "$seconds" "${exact[@]}" "$@" "$out" \
    -map '[poster]' -ss 4 -frames:v 1 -c:v libwebp -quality 72 -compression_level 6 "${exact[@]}" "${name%.*}.webp"
}

# package NAME ENDING TRACKS FLAGS… makes NAME-video and NAME-audio, one track a file, from the clear film in $work.
package() {
  local name=$1 ending=$2 tracks=$3 streams=()
  shift 3
  for track in $tracks; do
    streams+=("in=$work/$name.$ending,stream=$track,output=$name-$track.$ending,drm_label=$track")
  done
  "$packager" "${streams[@]}" --segment_duration 2 --fragment_duration 2 --clear_lead 0 --use_fake_clock_for_muxer --quiet "$@"
}

# kid and key print the identifier and the key of a film's track (or of the film).
kid() { printf 'key id of %s' "$1" | md5sum | cut -c1-32; }
key() { printf 'key of %s' "$1" | md5sum | cut -c1-32; }

# raw SCHEME KID KEY [KID KEY] prints the packager's flags: one key for all tracks, or one for the video and one for the audio.
raw() {
  local iv=6b65797374726561 # fixed, so that the bytes are; 8 bytes for counters, 16 for chains
  [[ $1 != cbc* ]] || iv=$iv$iv
  echo "--enable_raw_key_encryption --protection_scheme $1 --iv $iv"
  [[ $# == 5 ]] && echo "--keys label=video:key_id=$2:key=$3,label=audio:key_id=$4:key=$5" || echo "--keys label=:key_id=$2:key=$3"
}

# film NAME TITLE SCHEME PSSH KEYS FILE… notes a film for films.json. KEYS is "kid:key kid:key". PROBED is a file of the same samples to measure.
film() {
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "${*:6}" "${PROBED:-${*:6}}" >>"$work/films.tsv"
}

# --- the films -------------------------------------------------------------------------------------------------------------------

fragmented() {
  local name=mp4-fragmented
  encode tide 20 'Tide, in pieces' 'fragmented MP4 · H.264 · AAC · clear' $name.mp4 "${h264[@]}" -movflags +frag_keyframe+empty_moov+default_base_moof
  film $name 'Tide: fragmented MP4' '' none '' $name.mp4

  name=mp4-tracks
  encode aurora 10 'Aurora, track by track' 'two fragmented MP4 files · H.264 · AAC · clear' "$work/$name.mp4" "${h264[@]}"
  package $name mp4 'video audio'
  film $name 'Aurora: MP4, one file a track' '' none '' $name-video.mp4 $name-audio.mp4
}

progressive() {
  local name=mp4-progressive
  encode bloom 10 'Bloom, in one file' 'progressive MP4 · H.264 · AAC · clear' $name.mp4 "${h264[@]}" -movflags +faststart
  film $name 'Bloom: progressive MP4' '' none '' $name.mp4

  name=mp4-moov-last
  encode bloom 10 'Bloom, from the end' 'progressive MP4, moov last · H.264 · AAC · clear' $name.mp4 "${h264[@]}"
  film $name 'Bloom: progressive MP4, moov after mdat' '' none '' $name.mp4
}

# tracks NAME SCENE TITLE LINE SCHEME PSSH FLAGS… makes an encrypted pair of MP4 files under one key.
tracks() {
  local name=$1 scene=$2 title=$3 line=$4 scheme=$5 pssh=$6
  shift 6
  encode "$scene" 10 "$title" "$line" "$work/$name.mp4" "${h264[@]}"
  package "$name" mp4 'video audio' $(raw "$scheme" "$(kid "$name")" "$(key "$name")") "$@"
  film "$name" "$title" "$scheme" "$pssh" "$(kid "$name"):$(key "$name")" "$name-video.mp4" "$name-audio.mp4"
}

two_keys() {
  local name=mp4-cenc-two-keys
  local video=$name-video audio=$name-audio
  encode tide 10 'Tide, two keys' 'MP4 · cenc · a key for the picture, a key for the sound' "$work/$name.mp4" "${h264[@]}"
  package $name mp4 'video audio' $(raw cenc "$(kid $video)" "$(key $video)" "$(kid $audio)" "$(key $audio)") --protection_systems Common
  film $name 'Tide: cenc, two keys' cenc common "$(kid $video):$(key $video) $(kid $audio):$(key $audio)" $video.mp4 $audio.mp4
}

# rotation NAME TITLE LINE PSSH FLAGS… makes a pair whose key changes every 2 s. The packager makes the next identifier and key from the last by
# moving their first byte to the end.
rotation() {
  local name=$1 title=$2 line=$3 pssh=$4 keys=()
  shift 4
  local kid key
  kid=$(kid "$name") key=$(key "$name")
  encode tide 10 "$title" "$line" "$work/$name.mp4" "${h264[@]}"
  package "$name" mp4 'video audio' $(raw cenc "$kid" "$key") --crypto_period_duration 2 --stderrthreshold 2 "$@" # it warns of keys made so
  for period in 0 1 2 3 4; do
    keys+=("${kid:2*period}${kid:0:2*period}:${key:2*period}${key:0:2*period}")
  done
  film "$name" "$title" cenc "$pssh" "${keys[*]}" "$name-video.mp4" "$name-audio.mp4"
}

# clear_ends makes a pair that is clear for 2 s, encrypted for 4 s, and clear to the end: an encrypted film with a clear start, whose last fragments
# are those of one that is clear all along.
clear_ends() {
  local name=mp4-cenc-clear-ends
  local flags=($(raw cenc "$(kid $name)" "$(key $name)") --protection_systems Common)
  encode bloom 10 'Bloom, clear at both ends' 'MP4 · cenc · clear for the first 2 s and the last 4 s' "$work/$name.mp4" "${h264[@]}"
  mkdir "$work/start" "$work/all"
  (cd "$work/start" && package $name mp4 'video audio' "${flags[@]}" --clear_lead 2)
  (cd "$work/all" && package $name mp4 'video audio' "${flags[@]}" --clear_lead 60)
  for track in video audio; do
    node "$here/splice.mjs" "$work/start/$name-$track.mp4" "$work/all/$name-$track.mp4" 3 "$name-$track.mp4"
  done
  film $name 'Bloom: cenc, clear at both ends' cenc common "$(kid $name):$(key $name)" $name-video.mp4 $name-audio.mp4
}

# by_ffmpeg NAME TITLE LINE FRAGMENTED makes a muxed cenc film without a PSSH. ffmpeg encrypts NAL units to their last byte, so that the lengths
# of subsamples are not multiples of 16.
by_ffmpeg() {
  local name=$1 out=$1.mp4
  [[ $4 == false ]] || out=$work/$out
  encode bloom 10 "$2" "$3" "$out" "${h264[@]}" -movflags +faststart \
    -encryption_scheme cenc-aes-ctr -encryption_kid "$(kid "$name")" -encryption_key "$(key "$name")"
  [[ $4 == false ]] || node "$here/fragment.mjs" "$out" "$name.mp4"
  PROBED=$out film "$name" "$2" cenc none "$(kid "$name"):$(key "$name")" "$name.mp4" # ffprobe 5.1 loses its way in encrypted fragments of two tracks
}

# refused SCHEME makes a short film in a scheme that browsers do not decrypt.
refused() {
  local name=mp4-$1
  encode aurora 3 "Aurora, $1" "MP4 · $1 · no browser plays this" "$work/$name.mp4" "${h264[@]}"
  package "$name" mp4 video $(raw "$1" "$(kid "$name")" "$(key "$name")") --protection_systems Common
  mv "$name-video.mp4" "$name.mp4"
  film "$name" "Aurora: $1, which browsers refuse" "$1" common "$(kid "$name"):$(key "$name")" "$name.mp4"
}

# webm NAME SCENE TITLE CODECS ENCODER KID KEY makes a clear muxed film and an encrypted pair; the picture of the pair is a film by itself.
webm() {
  local name=$1 scene=$2 title=$3 codecs=$4 kid=$6 key=$7
  local -n encoder=$5
  encode "$scene" 10 "$title, clear" "WebM · $codecs · clear" "$name.webm" "${encoder[@]}"
  film "$name" "$title: clear" '' none '' "$name.webm"
  encode "$scene" 10 "$title, encrypted" "WebM · $codecs · encrypted" "$work/$name-cenc.webm" "${encoder[@]}"
  package "$name-cenc" webm 'video audio' $(raw cenc "$kid" "$key")
  film "$name-cenc" "$title: encrypted" cenc none "$kid:$key" "$name-cenc-video.webm" "$name-cenc-audio.webm"
  film "$name-cenc-video" "$title: encrypted, without sound" cenc none "$kid:$key" "$name-cenc-video.webm"
}

films() {
  shoot aurora 10 196
  shoot tide 20 220
  shoot bloom 10 247

  fragmented
  progressive
  tracks mp4-cenc aurora 'Aurora, cenc' 'MP4 · H.264 · AAC · cenc · common PSSH' cenc common --protection_systems Common
  tracks mp4-cbcs tide 'Tide, cbcs' 'MP4 · H.264 · AAC · cbcs · common PSSH' cbcs common --protection_systems Common
  two_keys
  tracks mp4-cenc-no-pssh bloom 'Bloom, no PSSH' 'MP4 · H.264 · AAC · cenc · no PSSH' cenc none --mp4_include_pssh_in_stream=false
  tracks mp4-cenc-widevine-pssh aurora 'Aurora, foreign PSSH' 'MP4 · H.264 · AAC · cenc · Widevine’s PSSH only' cenc widevine --protection_systems Widevine
  rotation mp4-cenc-rotation 'Tide, changing keys' 'MP4 · H.264 · AAC · cenc · a new key every 2 s' fragments --protection_systems Common
  rotation mp4-cenc-rotation-no-pssh 'Tide, changing keys, no PSSH' 'MP4 · H.264 · AAC · cenc · a new key every 2 s · no PSSH' none --mp4_include_pssh_in_stream=false
  tracks mp4-cenc-clear-lead aurora 'Aurora, clear start' 'MP4 · H.264 · AAC · cenc · clear for the first 2 s' cenc common --protection_systems Common --clear_lead 2
  clear_ends
  by_ffmpeg mp4-cenc-progressive 'Bloom, cenc, progressive' 'progressive MP4 · H.264 · AAC · cenc · no PSSH' false
  by_ffmpeg mp4-cenc-muxed 'Bloom, cenc, in one file' 'fragmented MP4 · H.264 · AAC · cenc · no PSSH' true
  refused cens
  refused cbc1
  webm webm-vp8-vorbis bloom 'Bloom, VP8' 'VP8 · Vorbis' vp8 30313233343536373839303132333435 ebdd62f16814d27b68ef122afce4ae3c
  webm webm-vp9-opus aurora 'Aurora, VP9' 'VP9 · Opus' vp9 "$(kid webm-vp9-opus-cenc)" "$(key webm-vp9-opus-cenc)"

  node "$here/films.mjs" "$work/films.tsv" >films.json
}

. "$here/dash.sh"

install_packager
case ${1:-all} in
films | all) films ;;&
dash | all) dash ;;
films) ;;
*) echo "make.sh: want films, dash or nothing" >&2 && exit 2 ;;
esac
[[ ! -e films.json ]] || rm -f "$here"/*.mp4 "$here"/*.webm "$here"/*.webp
[[ ! -d dash ]] || rm -rf "$here/dash"
mv ./* "$here"
find "$here" -name '*.mp4' -o -name '*.webm' -o -name '*.webp' -o -name '*.mpd' -o -name '*.vtt' | xargs du -cb | tail -1
