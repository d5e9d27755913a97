#!/bin/sh
# unpack.sh JAR FOLDER: takes the service's jar apart into what the image has layers for. Natives lie where DJL would unpack
# them on its first start, without the symbols that nothing needs to run, and no jar has them any more.
set -eu
jar=$(realpath "$1")
mkdir -p "$2"
cd "$2"
platform=linux-$(uname -m)
mkdir -p djl/pytorch djl/tokenizers djl/jna cuda/pytorch cuda/lib linformer/lib linformer/models own/lib cut

java -Djarmode=tools -jar "$jar" extract --destination app
mv app/lib/linformer-*.jar own/lib
mv app/linformer-*.jar own
mv app/lib/* linformer/lib
rm -r app

cut() {
  rm -rf cut
  mkdir cut
  (cd cut && jar --extract --file "../$1")
}
value() {
  sed -n "s/^$1=//p" "$2"
}
# pack FILE OPTION...: the same files make the same jar
pack() {
  rm -f "$1"
  jar --create --no-manifest --date 2020-01-01T00:00:00Z --file "$@"
}
without_natives() {
  find cut -type f \( -name '*.so*' -o -name '*.dylib' -o -name '*.jnilib' -o -name '*.dll' -o -name '*.a' \) -delete
  pack "$1" -C cut .
}

for jni in linformer/lib/pytorch-jni-*.jar; do
  cut "$jni"
  cp -r "cut/jnilib/$platform" jni
  version=$(value jni_version cut/jnilib/pytorch.properties)
  without_natives "$jni"
done
for engine in linformer/lib/pytorch-native-*.jar; do
  cut "$engine"
  flavor=$(value flavor cut/native/lib/pytorch.properties)
  case $flavor in
    cpu) natives=djl ;;
    *) natives=cuda ;;
  esac
  if [ ! -d "cut/pytorch/$flavor/$platform" ]; then
    echo "jar must be built on $platform, as the image is, but $(basename "$engine") has $(ls "cut/pytorch/$flavor")" >&2
    exit 1
  fi
  natives=$natives/pytorch/$(value version cut/native/lib/pytorch.properties)-$flavor-$platform
  cp -r "cut/pytorch/$flavor/$platform" "$natives"
  find "$natives" -name '*.gz' -exec gunzip {} +
  cp "jni/$flavor/libdjl_torch.so" "$natives/${version#*-}-libdjl_torch.so"
  without_natives "$engine"
done
# by this name DJL looks for the library that tells whether there is a GPU
find cuda -name 'libcudart*' -exec cp {} cuda/lib/libcudart.so \;
for tokenizers in linformer/lib/tokenizers-*.jar; do
  cut "$tokenizers"
  cp -r "cut/native/lib/$platform/cpu" "djl/tokenizers/$(value version cut/native/lib/tokenizers.properties)-cpu-$platform"
  without_natives "$tokenizers"
done
for jna in linformer/lib/jna-*.jar; do
  cut "$jna"
  cp "cut/com/sun/jna/linux-$(uname -m | tr _ -)/libjnidispatch.so" djl/jna
  without_natives "$jna"
done
find djl cuda -type f -name '*.so*' -exec strip --strip-unneeded {} +

# the weights do not get smaller by compression, and without it they are read faster
for zoo in own/lib/linformer-model-zoo-*.jar; do
  cut "$zoo"
  mkdir -p models/org/linformer/zoo
  mv cut/org/linformer/zoo/models models/org/linformer/zoo
  pack linformer/models/models.jar --no-compress -C models .
  pack "$zoo" -C cut .
done
rm -r cut models jni
# builders take a layer from their cache whatever the times of its files, and the AOT cache wants jars of the times that it saw
find djl cuda linformer own -exec touch -h -d 2020-01-01T00:00:00Z {} +
