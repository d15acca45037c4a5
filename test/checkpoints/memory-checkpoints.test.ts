import { checkpointContract } from './checkpoint-contract.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'

checkpointContract('MemoryCheckpoints', () => Promise.resolve(new MemoryCheckpoints()))
