#!/bin/bash
# Makes the certificates of tests anew, from 2020 on for a hundred years. Their keys guard nothing: they are published here. Needs openssl.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
touch "$work/index"
cat > "$work/config" <<END
[ca]
default_ca = own
[own]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
END

# key and request of a name, with an extension
asked() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -addext "$3" -keyout "$work/$1.key" -out "$work/$1.csr"; }
signed() { openssl ca -batch -notext -config "$work/config" -startdate 20200101000000Z -enddate 21200101000000Z -in "$work/$1.csr" -out "$1.pem" "${@:2}"; }

authority() {
  asked "$1" "Countersign tests: $1" basicConstraints=critical,CA:TRUE
  signed "$1" -selfsign -keyfile "$work/$1.key"
}
server() {
  asked "$1" "$2" "subjectAltName=DNS:$2"
  signed "$1" -keyfile "$work/authority.key" -cert authority.pem
  cp "$work/$1.key" "$1.key"
}
authority authority
authority other-authority
server localhost localhost
server elsewhere elsewhere.countersign.test
rm -r "$work"
