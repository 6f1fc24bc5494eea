import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import SMTP

@Suite struct TLSHandshakeTests {
    @Test func itIsDoneWhenBothSidesHaveAgreed() throws {
        let channel = EmbeddedChannel()
        let isDone = TLSHandshake.begin(on: channel) { BackPressureHandler() }
        channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        try isDone.wait()
        _ = try channel.finish()
    }

    @Test func itFailsWhenTheConnectionEndsBefore() throws {
        let channel = EmbeddedChannel()
        let isDone = TLSHandshake.begin(on: channel) { BackPressureHandler() }
        _ = try channel.finish()
        #expect(throws: ChannelError.eof) { try isDone.wait() }
    }

    /// A server may hang up after it has agreed to begin.
    @Test func itFailsOnAConnectionThatHasEnded() throws {
        let channel = EmbeddedChannel()
        _ = try channel.finish()
        #expect(throws: ChannelError.ioOnClosedChannel) { try TLSHandshake.begin(on: channel) { BackPressureHandler() }.wait() }
    }
}
