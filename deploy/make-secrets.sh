#!/usr/bin/env bash
# Makes the passwords that deploy/compose.yaml mounts, in deploy/secrets (git-ignored). Existing ones stay.
set -euo pipefail
cd "$(dirname "$0")/secrets"
umask 077

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$1" ] || cat >"$1"; } # NAME, content on standard input

keep postgres_password < <(random)
keep penumbra_database_url \
    < <(printf 'postgresql+psycopg://penumbra:%s@postgres:5432/penumbra' "$(cat postgres_password)")
keep penumbra_tokenisation_key < <(random)
keep penumbra_kafka_sasl_password < <(random)
keep penumbra_api_tokens < <(printf '["%s"]' "$(random)")

keep kafka_users.properties <<EOF
admin=$(random)
penumbra=$(cat penumbra_kafka_sasl_password)
payments=$(random)
EOF

keep kafka_admin.properties <<EOF
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="admin" password="$(sed -n 's/^admin=//p' kafka_users.properties)";
EOF

# containers read the files under users of their own; on this machine the folder keeps others out
chmod 644 ./*
chmod 700 .
echo "secrets are in $PWD"
