#!/usr/bin/env bash
# Makes Penumbra's topics where they are absent. Usage: topics.sh BOOTSTRAP ADMIN_PROPERTIES
# Partitions of `transactions` bound the number of workers; choose them once: a customer's history
# lives in the partition of its key.
set -euo pipefail
bootstrap=$1
admin=$2
bin=${KAFKA_BIN:-/opt/kafka/bin}
partitions=${PENUMBRA_PARTITIONS:-12}
replication=${PENUMBRA_REPLICATION:-1}

make_topic() { # NAME PARTITIONS [CONFIG…]
    local name=$1 count=$2
    shift 2
    "$bin/kafka-topics.sh" --bootstrap-server "$bootstrap" --command-config "$admin" \
        --create --if-not-exists --topic "$name" --partitions "$count" \
        --replication-factor "$replication" "${@/#/--config=}"
}

make_topic transactions "$partitions"
make_topic legacy-decisions "$partitions"
make_topic fraud-labels 1 retention.ms=-1
make_topic penumbra.decisions "$partitions"
make_topic penumbra.alerts "$partitions"
make_topic penumbra.dead-letters 1
make_topic penumbra.redrive 1
make_topic penumbra.recommendations 1 retention.ms=-1
make_topic penumbra.handoff 1
