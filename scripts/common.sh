# shellcheck shell=dash disable=SC2154
# Parts that scripts/demo and scripts/test share. Sourced; the caller sets `checkout` first, then
# `user`, whom `as_user` runs programs as, and `stage`, its own scratch folder.

umask 022
PATH="${PATH}:/usr/local/sbin:/usr/sbin:/sbin"
export PIP_DISABLE_PIP_VERSION_CHECK=1

heading() {
    printf '\n== %s\n' "$1"
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

as_root() {
    if is_root; then "$@"; else sudo "$@"; fi
}

# ---- what is missing -----------------------------------------------------------------------------

missing=''

# need PROGRAM PACKAGE: notes the package if no such program is found.
need() {
    have "$1" || missing="${missing} $2"
}

# Debian 12 and Ubuntu 24.04 have static emulators in qemu-user-static; from Debian 13 on, qemu-user
# has them, and qemu-user-static would register them on the host as well.
need_emulators() {
    have qemu-s390x-static && return
    if apt_has_static_qemu_user; then need qemu-s390x qemu-user; else need '' qemu-user-static; fi
}

apt_has_static_qemu_user() {
    have apt-cache || return 1
    depends=$(apt-cache show --no-all-versions qemu-user 2>/dev/null) || return 1
    ! printf '%s\n' "${depends}" | grep -q '^Depends:.*libc6'
}

# The distribution's own Python first: an ordinary user can run it wherever the checkout's owner has
# installed another one.
find_python() {
    for candidate in /usr/bin/python3 /usr/bin/python3.1[1-9] python3 python3.1[1-9]; do
        if "${candidate}" -c "${python_is_enough}" 2>/dev/null; then
            command -v "${candidate}"
            return
        fi
    done
    return 1
}
python_is_enough='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

need_python() {
    find_python >/dev/null && return
    missing="${missing} python3 python3-venv"
    # Ubuntu 22.04's python3 is older; its python3.11 is not.
    have apt-cache && ! have python3.11 && apt-cache show python3.11-venv >/dev/null 2>&1 &&
        missing="${missing} python3.11-venv"
    return 0
}

# Installs what `need` noted; on other distributions names it and ends.
install_missing() {
    [ -z "${missing}" ] && return
    if ! have apt-get; then
        fail "this machine lacks programs that are in these packages (Debian's names):${missing}" \
            'install them and start again'
    fi
    if ! is_root && ! have sudo; then
        fail "install these packages first, as root: apt-get install${missing}"
    fi
    echo "installing${missing}"
    as_root apt-get -qq update
    without_services apt_install
}

apt_install() {
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 ${missing} >/dev/null
}

# Some of the packages would start a service as soon as they are unpacked; nothing here needs one.
without_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "${policy}" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "${policy}" >/dev/null
    as_root chmod 755 "${policy}"
    status=0
    "$@" || status=$?
    as_root rm -f "${policy}"
    if [ -d /run/systemd/system ]; then
        for service in docker-registry docker; do
            case "${missing} " in
                *" ${service} "* | *" ${service}.io "*)
                    as_root systemctl --quiet disable "${service}.service" || true
                    ;;
            esac
        done
    fi
    return "${status}"
}

refresh_package_lists() {
    have apt-get || return 0
    apt-cache show runc >/dev/null 2>&1 && return 0
    is_root || have sudo || return 0
    as_root apt-get -qq update
}

# ---- where things are ----------------------------------------------------------------------------

# make_venv REQUIREMENT: the environment is in ${venv} afterwards. Root's is below /var/cache, where
# other users can read it and no file in the checkout changes its owner.
make_venv() {
    if is_root; then
        venv=/var/cache/trimaran/venv
    elif [ -w "${checkout}" ]; then
        venv=${checkout}/.venv
    else
        venv=${XDG_CACHE_HOME:-${HOME}/.cache}/trimaran/venv
    fi
    python=$(find_python) || fail 'Python 3.11 or later with its venv module was not found'
    if ! "${venv}/bin/python" -c '' 2>/dev/null; then
        # A copy of the interpreter: an AppArmor profile names it by its path.
        "${python}" -m venv --copies --clear "${venv}"
    fi
    "${venv}/bin/pip" install -qq --root-user-action=ignore "$1"
}

# make_user NAME: an ordinary account with a home and a range of subordinate ids.
make_user() {
    touch /etc/subuid /etc/subgid
    id "$1" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh "$1"
    if ! grep -q "^$1:" /etc/subuid || ! grep -q "^$1:" /etc/subgid; then
        first=$(awk -F: 'BEGIN { e = 100000 } $2 + $3 > e { e = $2 + $3 } END { print e }' \
            /etc/subuid /etc/subgid)
        range="${first}-$((first + 65535))"
        usermod --add-subuids "${range}" --add-subgids "${range}" "$1"
    fi
}

# as_user PROGRAM...: as the account in ${user}, with its own home, in the current folder.
as_user() {
    if [ "${user}" = "$(id -un)" ]; then
        "$@"
        return
    fi
    home=$(getent passwd "${user}" | cut -d : -f 6)
    setpriv --reuid "${user}" --regid "$(id -g "${user}")" --init-groups \
        env -u XDG_RUNTIME_DIR -u XDG_CACHE_HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME \
        -u XDG_STATE_HOME HOME="${home}" USER="${user}" LOGNAME="${user}" "$@"
}

# Ubuntu lets only programs with an AppArmor profile make user namespaces: ours gets one until
# `drop_profile`.
load_profile() {
    restricted=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
    [ -r "${restricted}" ] && [ "$(cat "${restricted}")" = 1 ] || return 0
    profile=${stage}/apparmor-profile
    "${venv}/bin/python" -c 'import os, sys; from trimaran.linux import obstacles
print(obstacles.apparmor_profile(os.path.realpath(sys.executable)))' >"${profile}"
    echo 'loading an AppArmor profile that lets the new environment make user namespaces'
    as_root apparmor_parser --replace "${profile}"
}

drop_profile() {
    [ ! -e "${stage}/apparmor-profile" ] || as_root apparmor_parser --remove \
        "${stage}/apparmor-profile" || true
}
