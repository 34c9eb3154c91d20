import { Controller, Get } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Public } from '../auth/public.decorator.js';
import { Readiness } from '../database/readiness.js';
import { Problem } from './problem.js';

export class Health {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process runs */
  @Get('livez')
  @Public()
  live(): Health {
    return { status: 'ok' };
  }

  /** Requests can be served: the database answers, its schema is current, the role is safe */
  @Get('readyz')
  @Public()
  async ready(): Promise<Health> {
    const obstacle = await this.readiness.obstacle();
    if (obstacle) throw new Problem(obstacle === 'closing' ? 'shutting_down' : 'database_unavailable');
    return { status: 'ok' };
  }
}
