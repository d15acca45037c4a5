/**
 * Thrown if a file that the user gave cannot be used: the message names the file and the line. The command ends with
 * status 2.
 */
export class InputError extends Error {
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`)
    this.name = 'InputError'
  }
}
