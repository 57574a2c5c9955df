import { release } from '../tada/positions.ts';
import { argument, print } from './steps.ts';

print({ released: [await release(argument, '0.01', 'first'), await release(argument, '0.01', 'first')] });
print({ rejected: [await release(argument, '100.00', 'second'), await release(argument, '0.001', 'third')] });
