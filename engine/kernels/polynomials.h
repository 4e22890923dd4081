/* SPDX-License-Identifier: Apache-2.0 */

/* Made by polynomials.py, which says how; not edited by hand. Coefficients of rising powers. */
#ifndef NESTD_ENGINE_KERNELS_POLYNOMIALS_H
#define NESTD_ENGINE_KERNELS_POLYNOMIALS_H

/* 2^x on [-0.5, 0.5]; relative error 1.6e-08 */
static const float EXP2[] = {
    0x1p+0f,         /* 1 */
    0x1.62e43p-1f,   /* 0.693147182 */
    0x1.ebfbdcp-3f,  /* 0.240226477 */
    0x1.c6aee8p-5f,  /* 0.0555033237 */
    0x1.3b2d4cp-7f,  /* 0.00961843692 */
    0x1.5f3e54p-10f, /* 0.0013398875 */
    0x1.41fbbcp-13f, /* 0.00015353362 */
};

/* 2^x on [0, 1), for bfloat16 and int8; relative error 8.6e-05 */
static const float EXP2_ROUGH[] = {
    0x1p+0f,        /* 1 */
    0x1.63e658p-1f, /* 0.695116758 */
    0x1.d2378ap-3f, /* 0.227644995 */
    0x1.3baaa8p-4f, /* 0.0770670474 */
};

enum { LOG2_UPPER_TAIL_END = 9 };

/* log2(1 - Phi(x)) on [0, LOG2_UPPER_TAIL_END], Phi the normal distribution.
 * Relative error of 1 - Phi(x): 2.1e-08 to 1, 9.9e-08 to 3, 1.6e-05 to 5;
 * absolute error of x (1 - Phi(x)): 3.8e-09 */
static const float LOG2_UPPER_TAIL[] = {
    -0x1p+0f,         /* -1 */
    -0x1.26aedp+0f,   /* -1.15110493 */
    -0x1.d63c9cp-2f,  /* -0.459215581 */
    -0x1.adaeb6p-5f,  /* -0.0524514727 */
    0x1.c78f3p-8f,    /* 0.00695128366 */
    0x1.d1de66p-18f,  /* 6.94198525e-06 */
    -0x1.2f00c8p-12f, /* -0.000288966228 */
    0x1.544916p-14f,  /* 8.11303835e-05 */
    -0x1.978d6ap-17f, /* -1.2146008e-05 */
    0x1.0e5a34p-20f,  /* 1.00714101e-06 */
    -0x1.373a6p-25f,  /* -3.6231711e-08 */
};

enum { LOG2_UPPER_TAIL_ROUGH_END = 6 };

/* The same on [0, LOG2_UPPER_TAIL_ROUGH_END], for bfloat16 and int8.
 * Relative error of 1 - Phi(x): 1.7e-05 to 2, 9.4e-05 to 3, 4.7e-04 to 4; absolute error of
 * x (1 - Phi(x)): 1.9e-06 */
static const float LOG2_UPPER_TAIL_ROUGH[] = {
    -0x1p+0f,         /* -1 */
    -0x1.269b8ep+0f,  /* -1.15081108 */
    -0x1.d757d2p-2f,  /* -0.460295945 */
    -0x1.a4850cp-5f,  /* -0.0513329729 */
    0x1.bfb3dep-8f,   /* 0.00683139963 */
    -0x1.c552acp-12f, /* -0.000432322442 */
};

#endif
