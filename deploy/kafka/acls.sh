#!/usr/bin/env bash
# The wall between the shadow and what is live, as the broker enforces it.
# Usage: acls.sh BOOTSTRAP ADMIN_PROPERTIES
#   penumbra   reads the inputs; writes penumbra.* and fraud-labels; nothing else
#   payments   writes transactions and legacy decisions
# The broker must refuse what no rule allows (allow.everyone.if.no.acl.found=false).
set -euo pipefail
bootstrap=$1
admin=$2
bin=${KAFKA_BIN:-/opt/kafka/bin}
penumbra=User:${PENUMBRA_PRINCIPAL:-penumbra}
payments=User:${PAYMENTS_PRINCIPAL:-payments}
group=${PENUMBRA_GROUP_ID:-penumbra}

allow() { # PRINCIPAL OPERATION RESOURCE…
    local principal=$1 operation=$2
    shift 2
    "$bin/kafka-acls.sh" --bootstrap-server "$bootstrap" --command-config "$admin" \
        --add --allow-principal "$principal" --operation "$operation" "$@"
}

# inputs: read only
for topic in transactions legacy-decisions fraud-labels; do
    allow "$penumbra" Read --topic "$topic"
done
allow "$penumbra" Read --group "$group"

# outputs: topics whose name begins with "penumbra.", and labels from dispositions
allow "$penumbra" Write --topic penumbra. --resource-pattern-type prefixed
allow "$penumbra" Write --topic fraud-labels

# the live side
for topic in transactions legacy-decisions; do
    allow "$payments" Write --topic "$topic"
done
