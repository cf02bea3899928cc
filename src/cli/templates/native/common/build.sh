#!/bin/sh
# Compiles every source here to a shared object beside it: plugin.cpp becomes plugin.so.
set -eu
cd "$(dirname "$0")"
for source in *.cpp; do
  ${CXX:-c++} -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -Iinclude "$source" -o "${source%.cpp}.so"
done
