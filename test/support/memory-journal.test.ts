import { MemoryJournal } from './memory-journal.ts'
import { journalContract } from '../persistence/journal-contract.ts'

journalContract('MemoryJournal', () => Promise.resolve(new MemoryJournal()))
