import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { HttpModule } from '../../http/http.module.js';
import { TurnsModule } from '../turns/turns.module.js';
import { ChatSockets } from './chat-sockets.service.js';
import { SocketTicket } from './socket-ticket.entity.js';
import { SocketTicketsController } from './socket-tickets.controller.js';
import { SocketTickets } from './socket-tickets.service.js';

@Module({
  imports: [DatabaseModule.forFeature([SocketTicket]), HttpModule, TurnsModule],
  controllers: [SocketTicketsController],
  providers: [SocketTickets, ChatSockets],
})
export class SocketsModule {}
