/** The meaning of a failure's reason, and what to do about it. */

const REASONS: Readonly<Record<string, string>> = {
  timeout: 'It did not answer in time. Look if it is up; then send again.',
  dns: 'Its name was not found. Check the address in the settings.',
  tls: 'Its certificate was not accepted. Check the address, or the certificate that it is trusted by.',
  connection_refused: 'Nothing listens at this address. Look if it is up, and check the port.',
  connection_reset: 'It broke the connection off. Look if it is up; then send again.',
  process_ended: 'The definition of this tool ended, or took too long. Send again.',
  definition_failed: 'The definition of this tool met an answer that it did not expect. Rehearse the request.',
  catalogue_missing: 'The definitions of tools are not installed on the server. Run `npm run catalogue` there.',
  invalid_payload:
    'A field that the action requires has no value. Change the mapping, or add the trait to the connection.',
  blocked_address:
    'The address is private. The server must name it in DESTINATIONS_ALLOW_PRIVATE, or change the address.',
  answer_too_large: 'The answer was larger than is taken. Check the address.',
  redirect: 'It answered with a redirect, and these are not followed. Give the address that it leads to.',
  unauthorized: 'The key was refused. Give a new one in the settings; then send again.',
  authentication: 'User or password were refused. Give new ones in the settings; then send again.',
  forbidden: 'The key may not do this. Give it the right at the tool; then send again.',
  status_401: 'The key was refused. Give a new one in the settings; then send again.',
  status_403: 'The key may not do this. Give it the right at the tool; then send again.',
  status_404: 'There is no such address, or the list is gone. Check the settings; then send again.',
  status_410: 'The address is gone. Give another in the settings; then send again.',
  status_413: 'The request was too large. Make batches smaller in the settings; then send again.',
  status_429: 'It had too much to do. Set fewer requests per second; then send again.',
  unknown_topic: 'There is no such topic. Make it, or change the settings; then send again.',
  out_of_memory: 'Its memory is used up. Give it more; then send again.',
  read_only: 'It takes no writes. Give the address of the one that does.',
}

/** Says what to do about failures of a reason. */
export function adviceFor(reason: string): string {
  const known = REASONS[reason]
  if (known) return known
  if (reason.startsWith('status_5')) return 'It had trouble of its own. Look if it is up; then send again.'
  if (reason.startsWith('status_4'))
    return 'It refused the request. Rehearse it, and correct the mapping or the settings.'
  return 'Correct what it says in the settings or at the tool; then send again.'
}

/** `blocked_address` as words: "Blocked address". */
export function reasonText(reason: string): string {
  const text = reason.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
