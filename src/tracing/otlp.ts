/**
 * Exports spans by OTLP over HTTP. Only a server that is told where to loads this file, and the packages behind it.
 * These read further variables of OpenTelemetry, such as `OTEL_EXPORTER_OTLP_HEADERS`.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace as tracing } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Trace } from '../model/trace.ts'

/** Spans that wait to be exported; beyond that, they are dropped. */
const SPANS_MAX = 4_096
const EXPORT_MS_MAX = 5_000

export interface Tracing {
  readonly trace: Trace
  /** Exports what waits, and ends; resolves in any case. */
  stop(): Promise<void>
}

/** @param endpoint of a collector, `http://127.0.0.1:4318`; without `/v1/traces` */
export function openTracing(endpoint: string): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS_MAX,
  })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'rollcall' }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: SPANS_MAX, exportTimeoutMillis: EXPORT_MS_MAX })],
  })
  const tracer = provider.getTracer('rollcall')
  return {
    trace: ({ name, isRequest = false, startedAt, durationMs, attributes, isFailed, traceparent }) => {
      const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
      const context = parent ? tracing.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT
      const kind = isRequest ? SpanKind.SERVER : SpanKind.INTERNAL
      const span = tracer.startSpan(name, { kind, startTime: startedAt, attributes: { ...attributes } }, context)
      if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(startedAt + durationMs)
    },
    stop: () => provider.shutdown().catch(() => undefined),
  }
}
