import { openMemory } from '../support/stores.ts';
import { storeContract } from './contract.ts';

storeContract(openMemory);
