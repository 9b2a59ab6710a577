{{/*
The least rights of each kind of NATS user. NATS answers a missing one with silence.
kenar.natsUsers is a YAML map from the user to its publish and subscribe lists; the
account holds one app.
*/}}
{{- define "kenar.natsUsers" -}}
admin:
  publish:
    - $JS.API.STREAM.INFO.*
    - $JS.API.STREAM.CREATE.*
    - $JS.API.STREAM.UPDATE.*
    - $JS.API.CONSUMER.INFO.*.*
    - $JS.API.CONSUMER.CREATE.>
  subscribe:
    - _INBOX.>
worker:
  publish:
    - kenar.events.>
    - kenar.work.>
    - kenar.retry.>
    - kenar.ledger.>
    - kenar.outcomes.>
    - kenar.dead.>
    - $JS.API.INFO
    - $JS.API.STREAM.INFO.*
    - $JS.API.STREAM.MSG.GET.*
    - $JS.API.CONSUMER.INFO.*.*
    - $JS.API.CONSUMER.MSG.NEXT.*.*
    - $JS.API.CONSUMER.CREATE.KENAR_LEDGER.>
    - $JS.API.CONSUMER.DELETE.KENAR_LEDGER.*
    - $KV.KENAR_GRANTS.>
    - $JS.FC.KV_KENAR_GRANTS.>
    - $JS.API.CONSUMER.CREATE.KV_KENAR_GRANTS.>
    - $JS.API.CONSUMER.DELETE.KV_KENAR_GRANTS.*
    - $JS.ACK.>
    - _INBOX.>
  subscribe:
    - _INBOX.>
    - kenar.worker.*
    - $SRV.>
operator:
  publish:
    - kenar.events.>
    - kenar.worker.status
    - kenar.worker.resume
    - kenar.worker.resolve
    - kenar.worker.schema
    - $JS.API.STREAM.INFO.*
    - $JS.API.STREAM.MSG.GET.KENAR_LEDGER
    - $JS.API.STREAM.MSG.GET.KENAR_OUTCOMES
    - $JS.API.STREAM.MSG.DELETE.KENAR_DEAD
    - $JS.API.CONSUMER.CREATE.KENAR_OUTCOMES.>
    - $JS.API.CONSUMER.CREATE.KENAR_DEAD.>
    - $JS.API.CONSUMER.DELETE.KENAR_OUTCOMES.*
    - $JS.API.CONSUMER.DELETE.KENAR_DEAD.*
    - $JS.API.CONSUMER.MSG.NEXT.KENAR_OUTCOMES.*
    - $JS.API.CONSUMER.MSG.NEXT.KENAR_DEAD.*
    - $KV.KENAR_GRANTS.>
    - $JS.FC.KV_KENAR_GRANTS.>
    - $JS.API.STREAM.MSG.GET.KV_KENAR_GRANTS
    - $JS.API.CONSUMER.CREATE.KV_KENAR_GRANTS.>
    - $JS.API.CONSUMER.DELETE.KV_KENAR_GRANTS.*
  subscribe:
    - _INBOX.>
producer:
  publish:
    - kenar.events.>
  subscribe:
    - _INBOX.>
{{- end }}

{{/* The rights of the Redis user, as ACL SETUSER takes them. */}}
{{- define "kenar.redisACL" -}}
resetkeys ~kenar:{ {{- .Values.kenar.app -}} }:* resetchannels &kenar:{ {{- .Values.kenar.app -}} }:* -@all +eval +evalsha +time +info +hget +hmget +hset +hdel +hgetall +hkeys +hexists +get +set +del +zadd +zrem +zcard +zrange +zscore +zremrangebyscore +pexpire +pttl +publish +subscribe +unsubscribe +hello +auth +ping +select +readonly +cluster|slots +cluster|shards +cluster|nodes
{{- end }}
