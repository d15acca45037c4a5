import { MemoryJournal } from '../support/memory-journal.ts'
import { journalContract } from './journal-contract.ts'

journalContract('MemoryJournal', () => Promise.resolve(new MemoryJournal()))
