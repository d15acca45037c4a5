/** Writes the types of the console's API client, from the server's own description: web/src/api/schema.d.ts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import { openApiDocument } from '../dist/src/server/openapi.js'

const types = astToString(await openapiTS(openApiDocument()))
writeFileSync(join(import.meta.dirname, '../web/src/api/schema.d.ts'), types)
