"""Sambert at the size of the published 16 kHz voices."""

from tts_server.engines.sambert.packs.shape import AcousticShape, VocoderShape

# sambert_16k.yaml and hifigan_v1_16k.yaml
ACOUSTIC = AcousticShape(
    tables=(147, 10, 8, 8), emotions=36, speakers=4, embedding_dim=512,
    encoder_num_layers=8, encoder_num_heads=8, encoder_num_units=128, encoder_ffn_inner_dim=1024,
    encoder_projection_units=32, speaker_units=32, emotion_units=32,
    predictor_filter_size=41, predictor_fsmn_num_layers=3, predictor_num_memory_units=128,
    predictor_ffn_inner_dim=256, predictor_shift=0, predictor_lstm_units=128,
    dur_pred_prenet_units=(128, 128), dur_pred_lstm_units=128, decoder_prenet_units=(256, 256),
    decoder_num_layers=12, decoder_num_heads=8, decoder_num_units=128, decoder_ffn_inner_dim=1024,
    outputs_per_step=3, num_mels=80, postnet_filter_size=41, postnet_fsmn_num_layers=4,
    postnet_num_memory_units=256, postnet_ffn_inner_dim=512, postnet_shift=17, postnet_lstm_units=128,
)  # fmt: skip
VOCODER = VocoderShape(
    in_channels=80, channels=256, kernel_size=7, upsample_scales=(10, 5, 2, 2), upsample_kernal_sizes=(20, 10, 4, 4),
    resblock_kernel_sizes=(3, 7, 11), resblock_dilations=((1, 3, 5, 7),) * 3, causal=True, leak=0.1,
)  # fmt: skip
