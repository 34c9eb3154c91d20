import { Controller, Delete, Get, HttpCode, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import { EraseMe, Me } from './user.dto.js';
import { UsersService } from './users.service.js';

@Controller('v1/me')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Your tier, usage and limits */
  @Get()
  me(@Owner() owner: OwnerId): Promise<Me> {
    return this.users.me(owner);
  }

  /** Erase everything of yours, for ever */
  @Delete()
  @HttpCode(204)
  erase(@Owner() owner: OwnerId, @Query() _confirmed: EraseMe): Promise<void> {
    return this.users.erase(owner);
  }
}
