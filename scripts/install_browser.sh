#!/bin/sh
# Install Chromium and a Chinese font for the browser tests, where that is possible; never fails.
set -u

have_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

have_font() {
    command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

have_browser && have_font && exit 0
if may_install; then
    log=$(mktemp)
    echo "Installing chromium and fonts-noto-cjk for the browser tests"
    if as_root apt-get update -q >"$log" 2>&1 &&
        as_root apt-get install -q -y --no-install-recommends chromium fontconfig fonts-noto-cjk >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 3 "$log"
    rm -f "$log"
fi
have_browser || echo "Missing: chromium. The browser tests skip; install it with: apt-get install chromium fonts-noto-cjk"
if have_browser && ! have_font; then
    echo "Missing: a Chinese font. Screenshots lack Chinese letters; install it with: apt-get install fonts-noto-cjk"
fi
exit 0
