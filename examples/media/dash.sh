# The films in DASH, for make.sh: a ladder of four under two keys, a smaller clear film, and both in one. All in $work/films/dash.

# label HEIGHT TITLE SECONDS prints the filter that makes a rung: the scene at its height, which is written large over it, with a clock and a bar.
label() {
  local text="fontcolor=white:shadowcolor=black@0.55:shadowx=1:shadowy=1"
  printf '%s' "scale=-2:$1:flags=bicubic," \
    "drawtext=fontfile=$fonts/DejaVuSans-Bold.ttf:text='$2':fontsize=h/13:x=h/13:y=h/15:$text," \
    "drawtext=fontfile=$fonts/DejaVuSans-Bold.ttf:text='$1p':fontsize=h/4:x=w-tw-h/13:y=h/15:$text," \
    "drawtext=fontfile=$fonts/DejaVuSansMono-Bold.ttf:text='%{pts\\:hms}':fontsize=h/14:x=w-tw-h/13:y=h-h/7:$text[dressed];" \
    "color=white@0.85:s=1280x$(($1 / 60)):r=$rate,format=yuva420p[bar];[dressed][bar]overlay=x='main_w*t/$3-overlay_w':y=main_h-overlay_h:shortest=1,format=yuv420p"
}

# swing SCENE draws 10 s of a scene, forth and back, which can be played again and again without a break.
swing() {
  shoot "$1" 10 196
  "${ffmpeg[@]}" -i "$work/$1.mkv" -filter_complex 'split[forth][b];[b]reverse[back];[forth][back]concat' -an -c:v ffv1 "$work/$1-swing.mkv"
}

# rungs NAME SCENE SECONDS TITLE HEIGHT:KBITS… encodes the ladder of a scene, and its poster.
rungs() {
  local name=$1 scene=$2 seconds=$3 title=$4 height kbits
  shift 4
  for rung; do
    height=${rung%:*} kbits=${rung#*:}
    "${ffmpeg[@]}" -stream_loop -1 -i "$work/$scene-swing.mkv" -vf "$(label "$height" "$title" "$seconds")" -an -t "$seconds" "${exact[@]}" \
      -c:v libx264 -profile:v high -preset slow -g 50 -keyint_min 50 -sc_threshold 0 \
      -b:v "${kbits}k" -maxrate "$((kbits * 6 / 5))k" -bufsize "$((kbits * 2))k" "$work/$name-$height.mp4"
  done
  "${ffmpeg[@]}" -ss 4 -i "$work/$name-$height.mp4" -frames:v 1 -vf scale=480:270 -c:v libwebp -quality 72 -compression_level 6 "${exact[@]}" "$name.webp"
}

# tone NAME LANGUAGE SECONDS NOTE makes the sound in a language: a tune of its own.
tone() {
  "${ffmpeg[@]}" -f lavfi -i "$(bells "$4")" -t "$3" "${exact[@]}" -c:a aac -b:a 48k "$work/$1-$2.mp4"
}

# subtitles NAME LANGUAGE LINE… makes a WebVTT file with a line every 4 s.
subtitles() {
  local name=$1 language=$2 at=0
  shift 2
  {
    echo WEBVTT
    for line; do
      printf '\n00:00:%02d.500 --> 00:00:%02d.800\n%s\n' $at $((at + 3)) "$line"
      at=$((at + 4))
    done
  } >"$work/$name-$language.vtt"
}

# on_demand NAME RUNGS LANGUAGES TEXTS FLAGS… packages one file a Representation, and NAME.mpd.
on_demand() {
  local name=$1 rungs=$2 languages=$3 texts=$4 streams=()
  shift 4
  for height in $rungs; do streams+=("in=$work/$name-$height.mp4,stream=video,output=$name-$height.mp4,drm_label=video"); done
  for language in $languages; do streams+=("in=$work/$name-$language.mp4,stream=audio,lang=$language,output=$name-$language.mp4,drm_label=audio"); done
  for language in $texts; do streams+=("in=$work/$name-$language.vtt,stream=text,lang=$language,output=$name-$language.vtt"); done
  "$packager" "${streams[@]}" --mpd_output "$name.mpd" --segment_duration 2 --clear_lead 0 --use_fake_clock_for_muxer --quiet "$@"
}

dash() {
  mkdir dash && cd dash
  local video=dash-aurora-video audio=dash-aurora-audio

  swing aurora
  rungs aurora aurora 40 'Aurora, encrypted' 240:70 360:130 480:220 720:380
  tone aurora en 40 196
  tone aurora de 40 294
  subtitles aurora en 'Far in the north, the night is clear.' 'The sun has sent its wind.' 'Green is oxygen, a hundred kilometres up.' \
    'Each curtain follows a line of the <i>magnetic field</i>.' 'The numbers above say which picture you are sent.' 'They fall when the line is slow.' \
    'They rise when it is fast again.' 'All of it is encrypted.' 'The key came with one licence.' 'Good night.'
  subtitles aurora de 'Hoch im Norden ist die Nacht klar.' 'Die Sonne hat ihren Wind geschickt.' 'Grün ist Sauerstoff, hundert Kilometer hoch.' \
    'Jeder Vorhang folgt einer Linie des <i>Magnetfelds</i>.' 'Die Zahl oben sagt, welches Bild gerade kommt.' 'Sie sinkt, wenn die Leitung langsam ist.' \
    'Sie steigt, wenn sie wieder schnell ist.' 'Alles ist verschlüsselt.' 'Der Schlüssel kam mit einer Lizenz.' 'Gute Nacht.'
  on_demand aurora '240 360 480 720' 'en de' 'en de' \
    $(raw cenc "$(kid $video)" "$(key $video)" "$(kid $audio)" "$(key $audio)") --protection_systems Common --mp4_include_pssh_in_stream=false

  swing tide
  rungs tide tide 20 'Tide, clear' 240:70 360:130 480:220
  tone tide en 20 220
  on_demand tide '240 360 480' en ''

  node "$here/dash.mjs" . "$(kid $video):$(key $video)" "$(kid $audio):$(key $audio)" >../dash.json
  cd ..
}
