import EventLoopExecutor
import HummingbirdCore
import Logging
import NIOCore

/// Serves each connection on its event loop: from there to a handler's thread and back is all the way that a request goes between threads.
struct EventLoopConnections<Connection: ServerChildChannel>: ServerChildChannel {
    let connection: Connection

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection.Value> {
        connection.setup(channel: channel, logger: logger)
    }

    func handle(value: Connection.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await connection.handle(value: value, logger: logger)
        }
    }
}
