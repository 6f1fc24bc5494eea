import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPAPI

/// Clients that ask and don't read the answer.
@Suite struct ConnectionGuardTests {
    private static let interval = TimeAmount.seconds(Limits.idleConnectionMaxSeconds)

    /// A connection with an answer of so many bytes under way.
    private func connection(waiting count: Int) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ConnectionGuard())
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        channel.write(ByteBuffer(repeating: 0, count: count), promise: nil)
        setWritable(false, channel)
        return channel
    }

    private func setWritable(_ isWritable: Bool, _ channel: EmbeddedChannel) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    @Test func whoReadsNothingIsDisconnected() throws {
        let channel = try connection(waiting: 1000)
        channel.embeddedEventLoop.advanceTime(by: Self.interval - .seconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func whoHasReadEverythingInTimeIsNot() throws {
        let channel = try connection(waiting: 1000)
        channel.embeddedEventLoop.advanceTime(by: Self.interval - .seconds(1))
        setWritable(true, channel)
        channel.embeddedEventLoop.advanceTime(by: Self.interval)
        #expect(channel.isActive)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    @Test func whoReadsSlowlyIsNot() throws {
        let channel = try connection(waiting: 1000)
        channel.embeddedEventLoop.advanceTime(by: Self.interval - .seconds(1))
        // The client reads.
        channel.flush()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: Self.interval)
        #expect(!channel.isActive)
    }
}
