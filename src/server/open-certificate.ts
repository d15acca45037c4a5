/** The certificate of the settings, opened. */
import type { Logger } from 'pino'
import { Certificate } from '../http/certificate.ts'
import { setTimer } from '../model/timer.ts'
import { certificateFiles, type Settings } from './settings.ts'

/** Reads the certificate, again whenever its files change and on SIGHUP; undefined if the server speaks HTTP. */
export function openCertificate(settings: Settings, log: Logger): Certificate | undefined {
  const files = certificateFiles(settings)
  if (!files) return undefined
  const certificate = new Certificate(files, {
    timer: setTimer,
    onRenewed: (view) => log.info(view, 'the certificate has been renewed'),
    onRefused: ({ message }) => log.error({ why: message }, 'the certificate cannot be renewed; the one before stays'),
  })
  log.info(certificate.view, 'TLS by this certificate')
  process.on('SIGHUP', () => certificate.reload())
  return certificate
}
