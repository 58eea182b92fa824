#!/bin/sh
# Makes the secrets of compose.yaml, once: what exists is kept.
set -eu
cd -- "$(dirname -- "$0")"
umask 077
mkdir -p secrets

random() { # length
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c "$1"
}
keep() { # name, value
    [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

keep secret_key "$(random 64)"
keep database_password "$(random 40)"
keep database_url "postgresql://socle:$(cat secrets/database_password)@database:5432/socle"
keep storage_access_key "$(random 20)"
keep storage_secret_key "$(random 40)"
[ -e secrets/mail_password ] || : >secrets/mail_password
# Containers run as 10001 and read them through the bind mount that compose makes.
chmod 0644 secrets/*
chmod 0700 secrets
