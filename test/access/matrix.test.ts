import { onBothStores } from '../support/stores.ts';
import { everyCaller } from './everyCaller.ts';

onBothStores(everyCaller);
