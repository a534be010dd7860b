#!/bin/sh
# For RUSTC_WRAPPER: the program and the targets are instrumented, and what they are built with stays as it is.
case " $* " in
*" --crate-name hebiao "* | *" --crate-name hebiao_fuzz "* | *" --crate-name records "*)
    exec "$@" --cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$@" ;;
esac
